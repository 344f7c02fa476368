import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { renderSummary } from '../../src/report/summary.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

describe('the summary', () => {
  const run = storedOf(fabricatedData())
  const text = renderSummary(run, { color: false })

  test('says outcome, finding, sentences, rollback with evidence, and notes', () => {
    assert.match(text, /^FAILED {2}payments-freeze/)
    const words = text.replace(/\s+/g, ' ')
    const verdict = run.verdict
    assert.ok(verdict)
    for (const part of [
      verdict.because,
      verdict.recovery.sentence,
      verdict.rollback.sentence,
      ...verdict.notes,
      ...verdict.cells.map((cell) => cell.sentence),
    ]) {
      assert.ok(words.includes(part.replace(/\s+/g, ' ')), part)
    }
    assert.match(text, /seen at \+1:05\.1: state T \(stopped\)/)
    assert.match(text, /error_rate +0 % +38\.\d % {2}✗ max 5%/)
  })

  test('fits 100 columns', () =>
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 100),
      [],
    ))

  test('has colours only when asked for, and the same words then', () => {
    assert.equal(stripVTControlCharacters(text), text)
    const coloured = renderSummary(run, { color: true })
    assert.notEqual(coloured, text)
    assert.equal(stripVTControlCharacters(coloured), text)
  })

  test('text of others cannot write to the terminal', () => {
    const data = fabricatedData()
    const change = data.changes[0]
    assert.ok(change)
    change.target = 'pay\u001b[2J\u001b]0;title\u0007ments\r\n\u202egpj'
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may get through
    assert.doesNotMatch(renderSummary(storedOf(data), { color: false }), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  test('a run that goes on says that it has no verdict yet', () => {
    const { verdict: _verdict, ...rest } = run
    assert.match(renderSummary(rest, { color: false }), /no verdict yet/)
  })
})
