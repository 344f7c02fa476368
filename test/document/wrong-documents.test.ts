import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentWith, problemsOf } from './support.ts'
import { faults } from './wrong-faults.ts'
import { environment, hypothesis, name, type Row, traffic, whole } from './wrong-heads.ts'
import { rest } from './wrong-rest.ts'

const parts = { name, hypothesis, environment, traffic, rest, faults }

for (const [part, rows] of Object.entries(parts)) {
  for (const row of rows) test(`${part}: ${JSON.stringify(row[0])}`, () => check(documentWith({ [part]: row[0] }), row))
}
for (const row of whole) test(`the whole document: ${JSON.stringify(row[0].slice(0, 60))}`, () => check(row[0], row))

function check(text: string, [, ...expected]: Row): void {
  const found = problemsOf(text).map((problem) => [problem.code, `${problem.line}:${problem.column}`, problem.fix ?? ''])
  assert.deepEqual(found, expected)
}

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
