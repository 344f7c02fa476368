import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentWith, problemsOf } from './support.ts'
import { wrongDocuments } from './wrong-documents.ts'

suite('wrong documents', () => {
  for (const [text, [content, ...expected]] of wrongDocuments) {
    test(JSON.stringify(content).slice(0, 100), () => {
      const found = problemsOf(text)
      assert.deepEqual(
        found.map(({ code, line, column, fix = '' }) => [code, `${line}:${column}`, fix]),
        expected,
      )
      for (const problem of found) assert.match(problem.fix ?? '', /\S/, `${problem.message} has no fix`)
    })
  }

  test('none stands here twice', () => {
    const texts = wrongDocuments.map(([text]) => text)
    assert.deepEqual(
      texts.filter((text, index) => texts.indexOf(text) !== index),
      [],
    )
  })
})

test('all problems come at once, in the order of their lines', () => {
  const text = documentWith({
    name: 'name: Check Out',
    traffic: 'traffic: { url: http://a/, rate: 50 }',
    faults: 'faults:\n  - type: pause\n    target: { proces: x }\n    after: 1m30s',
  })
  assert.deepEqual(
    problemsOf(text).map(({ code, line }) => [code, line]),
    [
      ['value-not-allowed', 1],
      ['quantity', 4],
      ['key-unknown', 7],
      ['quantity', 8],
    ],
  )
})
