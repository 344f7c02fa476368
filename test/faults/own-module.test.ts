import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SquallError } from '../../src/errors.ts'
import type { Context, Json } from '../../src/faults/injector.ts'
import { findByMark } from '../../src/faults/marks.ts'
import { openModuleInjector } from '../../src/faults/own/module.ts'
import { moduleHash } from '../../src/faults/own/module-hash.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-module-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function moduleWith(body: string): string {
  const file = join(folder, `fault-${++files}.ts`)
  writeFileSync(
    file,
    `export default {
  type: 'own', places: ['none'], needs: () => [],
  plan: async (spec: object) => ({ state: spec, does: 'x', undoes: 'y' }),
  rollback: async () => {}, look: async () => ({ active: false, seen: '' }), inject: async () => {},
  ${body}
}`,
  )
  return file
}

function context(): Context<Json> & { saved: Json[]; lines: string[] } {
  const saved: Json[] = []
  const lines: string[] = []
  return {
    saved,
    lines,
    mark: 'unit/own',
    deadline: new Date(),
    signal: new AbortController().signal,
    folder,
    log: (line) => void lines.push(line),
    secret: (name) => Promise.resolve(`value of ${name}`),
    random: () => 0.5,
    save: (state) => Promise.resolve(void saved.push(state)),
  }
}

const open = (path: string, more: object = {}): ReturnType<typeof openModuleInjector> =>
  openModuleInjector({ path, role: 'rollback', mark: 'unit/own', folder, ...more })
const died = (error: unknown): boolean => error instanceof SquallError && error.code === 'user-code-died'

describe("a user's own module", () => {
  test('its context works over the wire: save, secret, log', async () => {
    const module = await open(
      moduleWith("inject: async (s: object, c: any) => { c.log('hello'); await c.save({ ...s, id: await c.secret('KEY') }) },"),
    )
    const made = context()
    await module.inject({ a: 1 }, made)
    module.close()
    assert.deepEqual([made.saved, made.lines], [[{ a: 1, id: 'value of KEY' }], ['hello']])
  })
  test('its dials are moved in its child, and a module without adjust has none', async () => {
    const module = await open(moduleWith("dials: ['level'], adjust: async (s: object, dose: any, c: any) => c.save({ ...s, ...dose }),"))
    const made = context()
    await module.adjust?.({ a: 1 }, { level: 7 }, made)
    assert.deepEqual([module.dials, made.saved], [['level'], [{ a: 1, level: 7 }]])
    module.close()
    const plain = await open(moduleWith(''))
    assert.deepEqual([plain.dials, plain.adjust], [undefined, undefined])
    plain.close()
    await assert.rejects(open(moduleWith("dials: ['level'],")), /has no adjust/)
  })
  test('what it throws arrives as its message', async () => {
    const module = await open(moduleWith("look: async () => { throw new Error('no idea') },"))
    await assert.rejects(module.look({}, context()), /no idea/)
    module.close()
  })
  for (const [what, body] of [
    ['process.exit(0)', 'look: async () => process.exit(0),'],
    ['process.exit(0) after a wait', 'look: async () => { await new Promise((r) => setTimeout(r, 50)); process.exit(0) },'],
    ['an endless loop', 'look: async () => { for (;;); },'],
    ['an endless wait', 'look: () => new Promise(() => {}),'],
    ['a full heap', 'look: async () => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())) },'],
    [
      'endless output',
      "look: async () => { for (;;) { process.stdout.write('x'.repeat(1e5)); await new Promise((r) => setTimeout(r)) } },",
    ],
  ] as const) {
    test(`${what} ends its own child and nothing else`, async () => {
      const module = await open(moduleWith(body), { callLimitMs: 2_500, memoryMb: 64 })
      await assert.rejects(module.look({}, context()), died)
      await assert.rejects(module.look({}, context()), died, 'a dead module says so at once')
      assert.equal(module.alive, false)
      module.close()
    })
  }
  test('the injecting child carries the mark that a fence looks for', async () => {
    const module = await open(moduleWith(''), { role: 'inject', mark: `unit-${process.pid}/own` })
    assert.equal(findByMark(`unit-${process.pid}/own/inject`).length, 1)
    module.close()
  })
  test('a file that is no injector is refused with the reason', async () => {
    const bad = join(folder, 'bad.ts')
    writeFileSync(bad, 'export default { inject() {} }')
    await assert.rejects(open(bad), /has no rollback, look, plan/)
    writeFileSync(bad, 'enum A { x }')
    await assert.rejects(open(bad), (error) => error instanceof SquallError && error.code === 'module-not-usable')
    await assert.rejects(open(join(folder, 'missing.ts')), /cannot be used/)
    await assert.rejects(open(moduleWith("patience: { rollback: '90 s' },")), /patience\.rollback is “90 s”, not a duration/)
  })
})

describe('the hash of a module', () => {
  test('changes with anything it imports by a relative path, and with nothing else', () => {
    const main = join(folder, 'main.ts')
    writeFileSync(main, "import { x } from './part.ts'\nimport fs from 'node:fs'\nexport default x")
    writeFileSync(join(folder, 'part.ts'), 'export const x = 1')
    const first = moduleHash(main)
    writeFileSync(join(folder, 'unrelated.ts'), 'export const y = 1')
    assert.equal(moduleHash(main), first)
    writeFileSync(join(folder, 'part.ts'), 'export const x = 2')
    assert.notEqual(moduleHash(main), first)
  })
  test('covers what is required, and refuses an import whose file nobody can know beforehand', () => {
    const main = join(folder, 'required.ts')
    writeFileSync(main, "const x = require('./helper.cjs')\nexport default x")
    writeFileSync(join(folder, 'helper.cjs'), 'module.exports = 1')
    const first = moduleHash(main)
    writeFileSync(join(folder, 'helper.cjs'), 'module.exports = 2')
    assert.notEqual(moduleHash(main), first)
    for (const hidden of ['await import(`./${name}.ts`)', "require('./a' + name)", 'import(name)']) {
      writeFileSync(main, `export default async (name) => ${hidden}`)
      assert.throws(() => moduleHash(main), /cannot be known beforehand/, hidden)
    }
  })
  test('a link is refused', () => {
    symlinkSync(join(folder, 'main.ts'), join(folder, 'link.ts'))
    assert.throws(() => moduleHash(join(folder, 'link.ts')), /not a plain file/)
  })
})
