import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Problem } from '../../src/document/problems.ts'
import { problemAnnotations, verdictAnnotations } from '../../src/report/github.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

/** What the runner of GitHub Actions makes of a line, by its published rules. */
function read(line: string): { command: string; properties: Record<string, string>; message: string } {
  const [, command = '', list = '', message = ''] = /^::([\w-]+) ([^\n\r]*?)::([^\n\r]*)$/.exec(line) ?? []
  const plain = (text: string): string =>
    text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%')
  const properties = list.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), plain(pair.slice(pair.indexOf('=') + 1))] as const)
  return { command, properties: Object.fromEntries(properties), message: plain(message) }
}

const problem: Problem = {
  code: 'key-unknown',
  severity: 'error',
  message: 'measures: 5 % of\n"a,b:c" is not known',
  fix: 'write max',
  file: 'a dir/x,1:2.yaml',
  line: 7,
  column: 3,
  excerpt: '',
  length: 4,
}

describe('annotations', () => {
  test('a problem stands at its place, whatever its text and its file are called', () => {
    const [line = '', ...more] = problemAnnotations([problem], (path) => `chaos/${path}`)
    assert.deepEqual(more, [])
    assert.deepEqual(read(line), {
      command: 'error',
      properties: { file: 'chaos/a dir/x,1:2.yaml', line: '7', col: '3', endColumn: '6', title: 'squall: key-unknown' },
      message: 'measures: 5 % of\n"a,b:c" is not known\nfix: write max',
    })
    assert.equal(read(problemAnnotations([{ ...problem, severity: 'warning' }], String)[0] ?? '').command, 'warning')
  })

  const document =
    'name: x\nhypothesis: error_rate: stays low\nmeasures:\n  latency_p99: none\n  error_rate: { max: 5% }\n# error_rate: again\n'

  test('a broken bound stands where its measure is written', () => {
    const run = { ...storedOf(fabricatedData()), document }
    const [line = '', ...more] = verdictAnnotations(run, 'x.yaml')
    assert.deepEqual(more, [])
    const { command, properties, message } = read(line)
    assert.equal(command, 'error')
    assert.deepEqual(properties, { file: 'x.yaml', line: '5', title: 'payments-freeze: failed' })
    assert.match(message, /^error_rate during the fault was 38\.\d % .*breached$/)
  })

  test('a measure that is not written, as with defaults, is told at the top', () => {
    const run = { ...storedOf(fabricatedData()), document: 'name: x\n' }
    assert.equal(read(verdictAnnotations(run, 'x.yaml')[0] ?? '').properties.line, '1')
  })

  test('what was stopped or cannot be told is told; what passed is not', () => {
    const stopped = storedOf({ ...fabricatedData(), abort: { by: 'operator', why: 'stopped by Ctrl-C', breached: false, at: 70_000 } })
    assert.match(verdictAnnotations(stopped, 'x.yaml').join('\n'), /^::error [^\n]*::Aborted \(operator\): stopped by Ctrl-C$/)
    const short = fabricatedData()
    short.traffic = short.traffic.filter(({ t }) => t < 65 || t > 130)
    assert.match(verdictAnnotations(storedOf(short), 'x.yaml').join('\n'), /^::warning [^\n]*::Inconclusive/)
    const good = fabricatedData()
    good.traffic = good.traffic.map((second) => ({ ...second, ok: 50, timeout: 0, latencies: Array.from({ length: 50 }, () => 9) }))
    assert.deepEqual(verdictAnnotations(storedOf(good), 'x.yaml'), [])
  })

  test('what may be left behind is told whatever the verdict was', () => {
    const data = fabricatedData()
    for (const change of data.changes) change.state = 'stuck'
    assert.match(verdictAnnotations(storedOf(data), 'x.yaml').join('\n'), /title=payments-freeze%3A rollback stuck::not undone yet/)
  })

  test('text of others gives no orders from inside the summary', () => {
    const data = fabricatedData()
    for (const change of data.changes) change.lost = `${'x'.repeat(80)} ::stop-commands::x ::error::y`
    const lines = renderSummary(storedOf(data), { color: false }).split('\n')
    assert.ok(lines.some((line) => line.includes('::stop-commands')))
    assert.deepEqual(
      lines.filter((line) => /^\s*::/.test(line)),
      [],
    )
  })
})
