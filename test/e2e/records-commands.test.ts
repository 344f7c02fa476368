import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { indexFinish, indexStart } from '../../src/records/index-db.ts'
import { openRunWriter } from '../../src/records/run-file.ts'
import { runDir } from '../../src/system/paths.ts'
import type { CellVerdict, PhaseSummary, Verdict } from '../../src/verdict/verdict.ts'
import { exportComplaints } from '../helpers/export-schema.ts'
import { fabricatedData, storedOf } from '../report/fabricated.ts'

const state = mkdtempSync(join(tmpdir(), 'squall-views-'))
after(() => rmSync(state, { recursive: true, force: true }))
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

function squall(...args: string[]): { code: number | null; out: string; err: string } {
  const env = { ...process.env, SQUALL_STATE_DIR: state, NO_COLOR: '1', NODE_OPTIONS: '' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env,
    cwd: state,
    timeout: 60_000,
    maxBuffer: 64e6,
  })
  return { code: status, out: stdout, err: stderr }
}

async function keep(id: string, startedAt: string): Promise<void> {
  const run = storedOf({ ...fabricatedData(), id, startedAt })
  const { verdict, outcome, exit, endedAt } = run
  if (!verdict || !outcome || exit === undefined || !endedAt) throw new Error('the fabricated run has an end')
  const writer = await openRunWriter(id, runDir(id, state))
  writer.start({ ...run, startedAt })
  for (const window of run.phases) writer.phase(window)
  for (const second of run.traffic) writer.second(second)
  for (const [name, samples] of Object.entries(run.samples)) for (const sample of samples) writer.sample(name, sample)
  for (const change of run.changes) writer.change(change)
  for (const event of run.events) writer.event(event)
  writer.finish({ verdict, outcome, endedAt, exit })
  await writer.close()
  assert.equal(writer.problem, undefined)
  const { name, environment } = run.experiment
  await indexStart({ id, name, hash: run.hash, environment, startedAt, runner: null }, state)
  await indexFinish({ id, outcome, endedAt, exit, rollback: 'verified', because: verdict.because }, state)
}

/** Computes from the exported document alone, in another language. Quantiles as the export itself describes them. */
const recompute = `
import json, math, sys
run = json.load(open(sys.argv[1]))
def quantile(values, p):
    rank = (len(values) + 1) * p - 1
    if rank <= 0: return values[0]
    if rank >= len(values) - 1: return values[-1]
    below = math.floor(rank)
    return values[below] + (rank - below) * (values[below + 1] - values[below])
result = {}
for phase in run['phases']:
    first, last = math.ceil(phase['from'] / 1000), math.floor(phase['to'] / 1000)
    seconds = [s for s in run['traffic'] if first <= s['t'] < last and not s['suspect']]
    latencies = sorted(l for s in seconds for l in s['latencies'])
    ended = sum(s['ok'] + s['error'] + s['timeout'] for s in seconds)
    bad = sum(s['error'] + s['timeout'] for s in seconds)
    if ended: result[phase['phase']] = {'p99': quantile(latencies, 0.99), 'errorShare': bad / ended, 'requests': ended}
print(json.dumps(result))
`

describe('the commands that read records', () => {
  before(async () => {
    await keep('20261121-100000-aaaa', '2026-11-21T10:00:00.000Z')
    await keep('20261122-100000-bbbb', '2026-11-22T10:00:00.000Z')
  })

  test('history lists an experiment newest first, as text and as JSON', () => {
    const { code, out } = squall('history', 'payments-freeze')
    assert.equal(code, 0)
    const lines = out.trimEnd().split('\n')
    assert.match(lines[0] ?? '', /^run +started +outcome +rollback +because$/)
    assert.match(lines[1] ?? '', /^20261122-100000-bbbb +2026-11-22 10:00:00 UTC +failed +verified +Failed: error_rate/)
    assert.match(lines[2] ?? '', /^20261121-100000-aaaa/)
    const json = JSON.parse(squall('history', 'payments-freeze', '--limit', '1', '--json').out) as { runs: { id: string }[] }
    assert.deepEqual(
      json.runs.map((run) => run.id),
      ['20261122-100000-bbbb'],
    )
  })

  test('plan takes the noise of the last run of the experiment', () => {
    const file = join(state, 'again.yaml')
    const text = `name: NAME
hypothesis: it holds
environment: test
traffic: { url: 'http://127.0.0.1:1/', rate: 50/s }
phases: { baseline: 60s, fault: 60s, recovery: 60s }
faults: [{ type: pause, target: { process: nobody-is-called-so } }]
`
    const bases = (name: string): Record<string, string> => {
      writeFileSync(file, text.replace('NAME', name))
      const { precision } = JSON.parse(squall('plan', file, '--json').out) as { precision: { measure: string; basis: string }[] }
      return Object.fromEntries(precision.map(({ measure, basis }) => [measure, basis]))
    }
    const run = 'an earlier run'
    assert.deepEqual(bases('payments-freeze'), { latency_p99: run, error_rate: run, throughput: run })
    assert.deepEqual(bases('never-run'), { latency_p99: 'typical noise', error_rate: 'typical noise' })
    assert.match(
      squall('plan', file).out,
      /what about four of five runs will be able to say with the noise of a usual service\n  latency_p99 after the fault: this plan can find/,
    )
  })

  test('history without a name lists the experiments; an unknown name has no runs', () => {
    assert.match(squall('history').out, /^payments-freeze +2 +2026-11-22 10:00:00 UTC +2 failed$/m)
    assert.deepEqual(JSON.parse(squall('history', 'payments', '--json').out), {
      ...{ schema: 'squall.history/1', name: 'payments', runs: [], falseAlarms: null },
    })
  })

  test('show tells the whole run, found by a few letters', () => {
    const { code, out } = squall('show', '20261121')
    assert.equal(code, 0)
    for (const part of [/^FAILED/, /steady before\?/, /rollback {2}/, /state T \(stopped\)/, /seed 42/, /source shop/])
      assert.match(out, part)
  })

  test('an unknown or ambiguous run is refused with a sentence', () => {
    const unknown = squall('show', 'nothing-like-it')
    assert.equal(unknown.code, 2)
    assert.match(unknown.err, /run-not-found/)
    assert.match(squall('show', '202611').err, /run-ambiguous/)
  })

  test('judge judges the stored samples again, says that it is the same verdict, and ends with its exit code', () => {
    const { code, out } = squall('judge', 'last')
    assert.match(out, /the same as the stored verdict/)
    assert.equal(code, 1)
    const json = JSON.parse(squall('judge', 'last', '--json').out) as { same: boolean; exit: number }
    assert.deepEqual([json.same, json.exit], [true, 1])
  })

  test('export holds enough to compute the numbers of the verdict elsewhere', () => {
    const { out } = squall('export', 'last')
    const file = join(state, 'run.json')
    writeFileSync(file, out)
    const exported = JSON.parse(out) as { schema: string; verdict: Verdict }
    assert.equal(exported.schema, 'squall.run/1')
    assert.deepEqual(exportComplaints(out), [])
    assert.ok(!out.includes('Bearer 123'))
    const python = spawnSync('python3', ['-c', recompute, file], { encoding: 'utf8' })
    assert.equal(python.status, 0, python.stderr)
    const computed = JSON.parse(python.stdout) as Record<string, { p99: number; errorShare: number; requests: number }>
    for (const phase of ['baseline', 'fault'] as const) {
      const summary: PhaseSummary | undefined = exported.verdict.phases.find((each) => each.phase === phase)
      assert.deepEqual({ p99: summary?.p99, errorShare: summary?.errorShare, requests: summary?.requests }, computed[phase], phase)
    }
    const found: CellVerdict | undefined = exported.verdict.cells.find((cell) => cell.measure === 'error_rate' && cell.phase === 'fault')
    assert.equal(found?.observed, computed.fault?.errorShare)
  })

  test('report writes the page where it is told to', () => {
    const file = join(state, 'page.html')
    const { code, out } = squall('report', 'last', '--out', file)
    assert.equal(code, 0)
    assert.equal(out.trim(), file)
    assert.match(readFileSync(file, 'utf8'), /^<!doctype html>/)
    assert.match(squall('report', 'last', '--out', join(state, 'no', 'such', 'folder.html')).err, /report-not-written/)
  })

  test('report gives text formats to stdout, several runs at once, and each page a file of its own', () => {
    assert.match(squall('report', 'last', '--format', 'md').out, /^## ❌ failed: payments-freeze\n/)
    const junit = squall('report', '20261121', '20261122', '-f', 'junit').out
    assert.equal(junit.match(/<testsuite /g)?.length, 2)
    const json = JSON.parse(squall('report', 'last', '--format', 'json').out) as { schema: string; runs: { verdict: Verdict }[] }
    assert.deepEqual([json.schema, json.runs.map(({ verdict }) => verdict.outcome)], ['squall.runs/1', ['failed']])
    const pages = JSON.parse(squall('report', '20261121', '20261122', '--json').out) as { files: string[] }
    for (const [n, id] of ['20261121-100000-aaaa', '20261122-100000-bbbb'].entries()) {
      assert.equal(pages.files[n], join(state, `payments-freeze-${id}.html`))
      assert.ok(readFileSync(pages.files[n] as string, 'utf8').includes(id))
    }
  })

  test('report refuses what it cannot do in a sentence', () => {
    for (const [args, sentence] of [
      [['last', '--format', 'pdf'], /there is no such format\n {2}hint: Formats are html, md, junit, json/],
      [['20261121', '20261122', '--out', 'page.html'], /html holds one run, and 2 were named/],
      [['last', '--format', 'md', '--out', '-', '--json'], /stdout takes the report or --json, not both/],
    ] as const) {
      const { code, out, err } = squall('report', ...args)
      assert.equal(code, 2)
      assert.match(err + out, sentence)
    }
  })

  test('compare puts two runs side by side, as text, JSON and Markdown', () => {
    const { code, out } = squall('compare', '20261121', '20261122')
    assert.equal(code, 0)
    assert.match(out, /^A and B: the same experiment, unchanged\n/)
    const json = JSON.parse(squall('compare', '20261121', '20261122', '--json').out) as { schema: string; measures: { found: string }[] }
    assert.equal(json.schema, 'squall.compare/1')
    assert.ok(json.measures.every(({ found }) => found === 'no difference shown' || found === "can't tell"))
    assert.match(squall('compare', '20261121', '20261122', '--format', 'md').out, /^## payments-freeze: failed → failed\n/)
    assert.match(squall('compare', '20261121', '20261122', '--format', 'pdf').err, /there is no such format/)
    assert.equal(squall('compare', '20261121').code, 2)
  })

  test('a run whose runner died is closed by the next command and shown as such', async () => {
    const id = '20261123-100000-cccc'
    const data = fabricatedData()
    const writer = await openRunWriter(id, runDir(id, state))
    writer.start({ ...storedOf(data), startedAt: data.startedAt })
    writer.phase({ phase: 'baseline', from: 0, to: Number.POSITIVE_INFINITY })
    for (const second of data.traffic.slice(0, 20)) writer.second(second)
    await writer.close()
    await indexStart(
      { id, name: 'payments-freeze', hash: 'h', environment: 'test', startedAt: data.startedAt, runner: { pid: process.pid, start: 1 } },
      state,
    )
    const { out } = squall('history', 'payments-freeze', '--limit', '1')
    assert.match(out, /cccc +\S+ \S+ UTC +aborted +.*runner/i)
    assert.equal(squall('judge', id).code, 4)
  })
})
