import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatProblems } from '../../src/document/problem-text.ts'
import { problemCodes } from '../../src/document/problems.ts'
import { seededRandom } from '../../src/system/random.ts'
import { documentWith, load, problemsOf } from './support.ts'

const folder = fileURLToPath(new URL('./examples/', import.meta.url))
const texts = [
  ...readdirSync(folder).map((name) => readFileSync(folder + name, 'utf8')),
  documentWith({ rest: 'vars: { a: 1 }\nservice: "${a}"' }),
]
const pieces = [
  '{',
  '}',
  '[',
  ']',
  ': ',
  '- ',
  '"',
  "'",
  '&a ',
  '*a',
  '!!str ',
  '<<: ',
  '\t',
  '\n',
  ' ',
  '${',
  '}',
  '__proto__',
  'constructor',
  '%',
  '\0',
  '…',
  '1e9',
  '|',
  '>',
  '#',
  'null',
  '~',
  '---\n',
  ',',
]

test('2,000 mutated documents: the reader says what is wrong, it never falls over', () => {
  const seed = 20261124
  const random = seededRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  let broken = 0
  for (let round = 0; round < 2000; round++) {
    let text = pick(texts)
    for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
      const at = Math.floor(random() * text.length)
      const cut = random() < 0.5 ? Math.floor(random() * 12) : 0
      text = text.slice(0, at) + pick(pieces) + text.slice(at + cut)
    }
    const loaded = load(text)
    if (loaded.ok) continue
    broken += 1
    assert.ok(
      loaded.problems.some((problem) => problem.severity === 'error'),
      `seed ${seed}: no error in ${JSON.stringify(text)}`,
    )
    for (const { code, line, column } of loaded.problems) assert.ok(code in problemCodes && line >= 1 && column >= 1)
    assert.ok(formatProblems(loaded.problems, { color: false }).length > 0)
  }
  assert.ok(broken > 1000, `only ${broken} were broken`)
})

test('a document that repeats itself without end is refused', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(', ')}]`),
  ].join('\n')
  assert.ok(problemsOf(bomb).some(({ code }) => code === 'too-large'))
  assert.deepEqual(
    problemsOf(documentWith({ rest: 'service: &x [*x]' })).map(({ code }) => code),
    ['yaml-feature'],
  )
})

test('nesting that the parser would not survive is one problem, at its place', () => {
  const nested: Record<string, string> = {
    brackets: '['.repeat(200_000),
    'closed brackets': `a: ${'['.repeat(2000)}${']'.repeat(2000)}`,
    braces: '{a: '.repeat(100_000),
    lists: '- '.repeat(100_000),
    keys: '? '.repeat(100_000),
    indentation: Array.from({ length: 1300 }, (_, depth) => `${' '.repeat(depth)}-`).join('\n'),
  }
  for (const [what, text] of Object.entries(nested)) {
    assert.deepEqual(
      problemsOf(text).map(({ code }) => code),
      ['too-large'],
      what,
    )
  }
})

test('tens of thousands of mistakes take time in proportion, not by the square', () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `key${index}: 1`).join('\n')
  const measured = (text: string): number => {
    const started = performance.now()
    assert.ok(problemsOf(text).length > 1000)
    return performance.now() - started
  }
  measured(lines(2000)) // compiles the code
  const [few, many] = [measured(lines(2000)), measured(lines(16_000))]
  assert.ok(many < 24 * few + 500, `8 times the lines took ${(many / few).toFixed(1)} times as long`)
})

test('names of inherited properties are unknown keys like others', () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.deepEqual(
      problemsOf(documentWith({ rest: `${key}: { x: 1 }` })).map(({ code }) => code),
      ['key-unknown'],
    )
    assert.deepEqual(
      problemsOf(documentWith({ faults: `faults: [{ type: ${key} }]` })).map(({ code }) => code),
      ['fault-not-available'],
    )
  }
})

test('a problem is shown with its line, a caret below the place, and the fix', () => {
  const text = formatProblems(problemsOf(documentWith({ traffic: 'traffic: { url: http://a/, rate: 50 }' })), { color: false })
  assert.equal(
    text,
    [
      'experiment.yaml:4:34 error traffic.rate: 50 has no unit, expected a rate such as 50/s or 10/m [quantity]',
      '  | traffic: { url: http://a/, rate: 50 }',
      '  |                                  ^^',
      '  fix: write 50/s or 50/m',
      '',
    ].join('\n'),
  )
})
