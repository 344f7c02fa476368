import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadDocument } from '../../src/document/load.ts'
import { catalogue } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-document-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const define = fileURLToPath(new URL('../../src/document/define.ts', import.meta.url))

async function loadTypescript(source: string) {
  const path = join(folder, `document-${randomUUID()}.ts`)
  writeFileSync(path, source)
  return loadDocument(path, { catalogue })
}

const rest = `name: 'a', hypothesis: 'b', environment: 'test', traffic: { url: 'http://localhost/', rate: '50/s' }`

test('a TypeScript document is evaluated and read like others', async () => {
  const loaded = await loadTypescript(`import { experiment } from ${JSON.stringify(define)}
console.log('{"squall":1}')
const target: { process: string } = { process: 'x' }
export default experiment({ ${rest}, measures: { error_rate: { max: '1%' } }, faults: [{ type: 'pause', target, for: '5s' }] })`)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.equal(loaded.experiment.faults[0]?.for, 5000)
})

test('errors in it name the path of the key', async () => {
  const loaded = await loadTypescript(`export default { ${rest}, faults: [{ type: 'pause', target: { process: 'x' }, for: 5 }] }`)
  assert.ok(!loaded.ok)
  assert.deepEqual(
    loaded.problems.map(({ code, message }) => [code, message]),
    [['quantity', 'faults[0].for: 5 has no unit, expected a duration such as 500ms, 30s or 2m']],
  )
})

const failing: [what: string, source: string, message: RegExp][] = [
  ['syntax that has to be compiled', 'enum A { B }\nexport default {}', /has to be compiled/],
  ['broken syntax', 'export default {', /Expected|Unexpected/],
  ['an exception', 'throw new Error("no luck")', /no luck/],
  ['no default export', 'export const a = 1', /default export/],
  ['something that is no data', `export default { ${rest}, faults: [{ type: 'pause', f: () => 1 }] }`, /faults\.0\.f: a function/],
  ['an end of its own', 'process.exit(0)', /exit code 0/],
  ['output without end', 'import { writeSync } from "node:fs"\nfor (;;) try { writeSync(1, "x".repeat(100000)) } catch {}', /prints more/],
  [
    'memory without end',
    'const all: unknown[] = []\nfor (;;) all.push(Array(100000).fill(0).map((_, index) => ({ index })))',
    /more than 256MiB of memory/,
  ],
]

for (const [what, source, message] of failing) {
  test(`${what} is one problem that says so`, async () => {
    const loaded = await loadTypescript(source)
    assert.ok(!loaded.ok)
    assert.equal(loaded.problems[0]?.code, 'typescript-failed')
    assert.match(loaded.problems[0]?.message ?? '', message)
  })
}

test('a file that is not there, and one that is a folder, are problems too', async () => {
  for (const path of [join(folder, 'missing.yaml'), folder]) {
    const loaded = await loadDocument(path, { catalogue })
    assert.ok(!loaded.ok)
    assert.equal(loaded.problems[0]?.code, 'file-not-readable')
  }
})
