/** A placebo run, and its samples under other bounds: the whole way from the command line to the record, with a victim that must not notice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { pauseFault, type Stage, stateOf, withStage } from './stage.ts'

interface Shown {
  outcome: string
  exit: number
  placebo?: boolean
  verdict: Verdict
  changes: { state: string; injectedAt?: number }[]
  falseAlarms: null | { sentence: string }
}

const show = async (stage: Stage): Promise<Shown> => JSON.parse((await stage.command('show', 'last', '--json')).stdout) as Shown

test(
  'a placebo run touches nothing, says so everywhere, and counts for nothing but the judge',
  withStage(async (stage) => {
    const victim = await stage.victim('worker')
    const document = stage.document(pauseFault(victim), { environment: 'test', fault: '3s', recovery: '2s' })
    const states = new Set<string>()
    const watching = setInterval(() => states.add(stateOf(victim.pid) ?? 'gone'), 5)
    const ended = await stage.command('run', '--placebo', document)
    clearInterval(watching)
    assert.equal(ended.code, 3, stage.said())
    assert.ok(!states.has('T'), [...states].join())
    assert.match(ended.stdout, /PLACEBO: nothing is injected/)
    assert.match(ended.stdout, /would stop sleep/)
    assert.match(ended.stdout, /^PLACEBO, NO FALSE ALARM/m)

    const shown = await show(stage)
    assert.deepEqual([shown.outcome, shown.exit, shown.placebo, shown.verdict.placebo?.alarm], ['inconclusive', 3, true, 'no'])
    assert.deepEqual(
      shown.changes.map(({ state, injectedAt }) => [state, injectedAt]),
      [['nothing to undo', undefined]],
    )
    assert.match(shown.falseAlarms?.sentence ?? '', /^false alarms about evil: 0 of 1 comparisons .* \(0 of 1 placebo run\)$/)
    const { stdout: list } = await stage.command('history', '--json')
    assert.deepEqual((JSON.parse(list) as { experiments: { outcomes: object }[] }).experiments[0]?.outcomes, { placebo: 1 })
    assert.match(
      (await stage.command('history', 'evil')).stdout,
      /  placebo  .*Placebo, nothing was injected: no false alarm\n\nfalse alarms about evil/,
    )
    assert.match((await stage.command('report', '--format', 'md', '--out', '-')).stdout, /placebo, no false alarm/)
    assert.equal((JSON.parse((await stage.command('export')).stdout) as { placebo?: boolean }).placebo, true)

    await judgedUnderOtherBounds(stage, document)
  }),
)

async function judgedUnderOtherBounds(stage: Stage, document: string): Promise<void> {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const text = readFileSync(document, 'utf8')
  const strict = stage.write('strict.yaml', text.replace('min: { recovery: 1 }', 'min: { recovery: 2 }').replace('fault: 3s', 'fault: 9s'))
  const judged = await stage.command('judge', 'last', '--with', strict, '--json')
  const answer = JSON.parse(judged.stdout) as { same: boolean; differences: string[]; verdict: Verdict; saved: boolean }
  assert.deepEqual(answer.differences, ['up min recovery: 1 → 2', 'not taken over, the run had its own: phases'])
  assert.deepEqual([answer.same, answer.saved, answer.verdict.placebo?.alarm], [false, false, 'yes'])
  assert.equal((await show(stage)).verdict.placebo?.alarm, 'no', 'the stored verdict stays')

  const unknown = stage.write('unknown.yaml', text.replace('measures: { up:', 'measures: { down:'))
  const refused = await stage.command('judge', 'last', '--with', unknown)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /cannot be judged under these measures: down was not recorded/)

  const saved = await stage.command('judge', 'last', '--with', strict, '--save')
  assert.match(saved.stdout, /saved; different from the stored verdict/)
  const after = await show(stage)
  assert.equal(after.verdict.placebo?.alarm, 'yes')
  assert.match(after.verdict.notes[0] ?? '', /^judged with the bounds of .*strict\.yaml: up min recovery: 1 → 2/)
  assert.match(after.falseAlarms?.sentence ?? '', /1 of 1 comparisons/)
  assert.match(
    (await stage.command('show', 'last')).stdout,
    /The verdict was replaced; it was inconclusive: Placebo, nothing was injected: no false alarm/,
  )
}
