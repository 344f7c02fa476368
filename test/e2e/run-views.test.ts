import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exportComplaints, undocumentedKeys } from '../helpers/export-schema.ts'
import { createScreen } from '../helpers/screen.ts'
import { openStage, pauseFault, type Stage, squall, until } from './stage.ts'

const onTerminal = fileURLToPath(new URL('on_terminal.py', import.meta.url))

describe('what people see of a run', { concurrency: 2, timeout: 120_000 }, () => {
  const stages: Stage[] = []
  before(async () => void stages.push(await openStage(), await openStage()))
  after(async () => void (await Promise.all(stages.map((stage) => stage.close()))))

  test('on a terminal: the fault in the moving part, then Ctrl-C, and in the end only lines', async () => {
    const [stage] = stages as [Stage]
    const document = stage.document(pauseFault(await stage.victim('live')))
    const terminal = stage.start(['python3', onTerminal, process.execPath, squall, 'run', document])
    await until('the fault on the screen', () => /: active for 0:0[1-9] \(/.test(stage.said()), 40_000)
    terminal.child.stdin?.write('type 03\n')
    const { stdout, stderr } = await terminal.ended
    assert.match(stdout, /^exit 4$/m)
    assert.match(stderr, /0:\d\d {2}fault +━*┄+ [01]:\d\d left, then recovery 0:01/)
    assert.match(stderr, /up +[▁-█·]+ +1/)
    const screen = createScreen(80, 24)
    screen.write(stderr)
    const lines = screen.lines()
    assert.ok(lines.some((line) => line.startsWith('ABORTED  evil')))
    assert.ok(lines.some((line) => line.endsWith('stopping: stopped by Ctrl-C; rolling back')))
    assert.deepEqual(
      lines.filter((line) => /left, then|gives the terminal back|everything is rolled back, looked at twice, and/.test(line)),
      [],
    )
  })

  test('in GitHub Actions: the verdict beside the document and in the summary of the job, stdout as ever', async () => {
    const stage = stages[1] as Stage
    const summary = stage.write('summary.md', '')
    Object.assign(stage.env, { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: stage.folder })
    const document = stage.document(pauseFault(await stage.victim('actions')), { environment: 'test', fault: '2s' }).toString()
    const text = readFileSync(document, 'utf8').replace('min: { recovery: 1 }', 'max: { fault: 0 }')
    const { code, stdout, stderr } = await stage.command('run', stage.write('experiment.yaml', text), '--json', '--out', stage.path('out'))
    assert.equal(code, 1, stderr)
    const { id, verdict } = JSON.parse(stdout) as { id: string; verdict: { outcome: string } }
    assert.equal(verdict.outcome, 'failed')
    assert.match(stderr, /^::error file=experiment\.yaml,line=5,title=evil%3A failed::up during the fault was 1, allowed 0: breached$/m)
    assert.match(readFileSync(summary, 'utf8'), /^## ❌ failed: evil\n/)
    for (const [extension, begin] of [
      ['html', '<!doctype html>'],
      ['md', '## ❌ failed: evil'],
      ['xml', '<?xml'],
      ['json', '{'],
    ] as const)
      assert.ok(readFileSync(stage.path(`out/${id}.${extension}`), 'utf8').startsWith(begin), extension)
    const exported = readFileSync(stage.path(`out/${id}.json`), 'utf8')
    assert.deepEqual([exportComplaints(exported), undocumentedKeys(exported)], [[], []])
  })
})
