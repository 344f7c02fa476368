import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { root } from '../../scripts/lib/root.ts'
import { type OwnSource, openOwnSource } from '../../src/measures/own.ts'
import type { Reading, SourceContext } from '../../src/measures/source.ts'
import { sourceContext } from './source-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-own-source-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
async function open(t: TestContext, body: string): Promise<OwnSource> {
  const name = `source-${++files}.ts`
  writeFileSync(join(folder, name), `export default { ${body} }`)
  const source = await openOwnSource({ path: `./${name}`, folder, memoryMb: 64 })
  t.after(() => source.close())
  return source
}

const context = (change: Partial<SourceContext> = {}): SourceContext => sourceContext({ folder, ...change })
const read = (source: OwnSource, config = {}): Promise<Reading> => source.now!(config, 'orders', context())
const problems = async (source: OwnSource, config = {}): Promise<string> => (await source.check(config, 'q', context())).problems.join()

describe("a user's own source", { concurrency: 2 }, () => {
  it('is asked with its parameters, the query and a context', async (t) => {
    const lines: string[] = []
    const source = await open(
      t,
      "now: async (config: any, query: string, c: any) => { c.log('asked'); return { missing: [config.a, query, await c.secret('KEY'), c.measure, c.folder].join() } }",
    )
    const reading = await source.now!({ a: 1 }, 'orders', context({ log: (line) => void lines.push(line) }))
    assert.deepEqual(reading, { missing: `1,orders,secret KEY,measure,${folder}` })
    assert.deepEqual(lines, ['asked'])
  })

  it('gives values, events and buckets; anything else is missing', async (t) => {
    const source = await open(t, 'now: async (config: any) => config.gives')
    assert.deepEqual(await read(source, { gives: { value: 5 } }), { value: 5 })
    assert.deepEqual(await read(source, { gives: { bad: 1, total: 2 } }), { bad: 1, total: 2 })
    assert.deepEqual(await read(source, { gives: 5 }), { missing: 'expected { value }, { bad, total }, { buckets } or { missing }, not 5' })
    const wild = await open(t, 'now: async () => ({ value: Number.NaN })')
    assert.deepEqual(await read(wild), { missing: 'value is null, not a number' })
  })

  it('reads its parameters by its own schema', async (t) => {
    const schema =
      '{ safeParse: (v: any) => v.queue ? { success: true, data: { value: v.queue.length } } : { success: false, error: { issues: [{ path: ["queue"], message: "is needed" }] } } }'
    const source = await open(t, `config: ${schema}, now: async (config: object) => config`)
    assert.deepEqual(await read(source, { queue: 'abc' }), { value: 3 })
    await assert.rejects(read(source, {}), /with: queue: is needed/)
  })

  it('remembers when it has range instead of now', async (t) => {
    const source = await open(
      t,
      'lag: 3000, range: async (c: object, q: string, w: any) => [{ at: w.from, value: 1 }, { at: w.to - 1, missing: "gap" }]',
    )
    assert.equal(source.now, undefined)
    assert.equal(source.lag, 3000)
    assert.deepEqual(await source.range!({}, 'q', { from: 1000, to: 3000 }, context()), [
      { at: 1000, value: 1 },
      { at: 2999, missing: 'gap' },
    ])
    const wrong = await open(t, 'range: async () => [{ value: 1 }]')
    await assert.rejects(wrong.range!({}, 'q', { from: 0, to: 1 }, context()), /sample 0 of range has no time/)
  })

  it('is checked by its own check, else by being asked once', async (t) => {
    const checking = await open(
      t,
      "check: async () => ({ unit: 'ms', step: 5000, factor: 1000, skew: -20, problems: ['no such queue'] }), now: async () => ({ value: 1 })",
    )
    assert.deepEqual(await checking.check({}, 'q', context()), {
      ...{ unit: 'ms', step: 5000, factor: 1000, skew: -20 },
      ...{ problems: ['no such queue'], notes: [] },
    })
    const wild = await open(t, "check: async () => ({ unit: 'parsec', step: 1, factor: 0, skew: '1s' }), now: async () => ({ value: 1 })")
    assert.match(
      await problems(wild),
      /step 1: 1000 ms or more,.*factor 0: a number above 0,.*skew 1s: a number of ms,.*unit parsec: one of ms/,
    )
    assert.equal(await problems(await open(t, "now: async () => ({ missing: 'closed' })")), 'closed')
    assert.equal(await problems(await open(t, 'now: async () => ({ value: 1 })')), '')
  })

  it('a file that is no source is told by its check, with the reason', async (t) => {
    assert.match(await problems(await open(t, 'later: 1')), /source-\d+\.ts cannot be used as a source: .* neither now nor range/)
    assert.match(await problems(await open(t, 'now() {}, range() {}')), /both now and range/)
    assert.match(await problems(await open(t, "now() {}, lag: '2s'")), /lag is 2s, not a number of milliseconds/)
    assert.match(await problems(await open(t, '}; enum A { x }; ({')), /cannot be used as a source/)
    assert.match(await problems(await open(t, 'a: process.exit(3)')), /ended with 3/)
  })

  it('the example of the reference works', async (t) => {
    const page = readFileSync(join(root, 'docs', 'reference', 'sources.md'), 'utf8')
    writeFileSync(join(folder, 'example.ts'), /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
    const server = createServer((request, response) => {
      response.end(JSON.stringify({ waiting: request.headers.authorization === 'Bearer secret QUEUE_TOKEN' ? 12 : null }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const source = await openOwnSource({ path: './example.ts', folder })
    t.after(() => {
      source.close()
      server.close()
      server.closeAllConnections()
    })
    const config = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, queue: 'orders' }
    assert.deepEqual(await read(source, config), { value: 12 })
  })

  for (const [what, deed, said] of [
    ['process.exit(0)', 'process.exit(0)', /process ended with 0/],
    ['an endless loop', 'for (;;);', /now took longer than 5 s/],
    ['an endless wait', 'await new Promise(() => {})', /now took longer than 5 s/],
    ['a full heap', 'const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()))', /ended by SIGABRT|ended with 134|heap|memory/],
    ['endless output', "for (;;) { process.stdout.write('x'.repeat(1e5)); await new Promise((r) => setTimeout(r)) }", /ended by SIGKILL/],
    ['a child that it left', "(await import('node:child_process')).spawn('sleep', ['60']); process.exit(1)", /ended with 1/],
  ] as const) {
    it(`${what} ends its own child, and the next question starts another`, async (t) => {
      const source = await open(t, `now: async (config: any) => { if (config.bad) { ${deed} } return { value: 1 } }`)
      await assert.rejects(read(source, { bad: true }), said)
      assert.deepEqual(await read(source), { value: 1 })
    })
  }
})
