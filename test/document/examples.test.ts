import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { loadDocument } from '../../src/document/load.ts'
import { catalogue, load } from './support.ts'

const folder = fileURLToPath(new URL('./examples/', import.meta.url))
const available = ['02-exhaust-cpu.yaml', '12-revoke-tokens.yaml']

for (const name of readdirSync(folder)) {
  const text = readFileSync(folder + name, 'utf8')
  if (available.includes(name)) {
    test(`${name} is valid, and still the same after a way through an object and back`, async () => {
      const loaded = await loadDocument(folder + name, { catalogue })
      assert.ok(loaded.ok, JSON.stringify(loaded))
      const again = load(stringify(parse(text)))
      assert.ok(again.ok, JSON.stringify(again))
      assert.deepEqual(withoutLines(again.experiment), withoutLines(loaded.experiment))
      const asJson = load(JSON.stringify(parse(text), null, 2))
      assert.ok(asJson.ok, JSON.stringify(asJson))
      assert.deepEqual(withoutLines(asJson.experiment), withoutLines(loaded.experiment))
    })
  } else {
    test(`${name} has a single kind of error: its fault is not available, at its line`, async () => {
      const loaded = await loadDocument(folder + name, { catalogue })
      assert.ok(!loaded.ok)
      const faults = (parse(text) as { faults: unknown[] }).faults
      assert.deepEqual(
        loaded.problems.map((problem) => problem.code),
        faults.map(() => 'fault-not-available'),
      )
      for (const problem of loaded.problems) assert.match(problem.excerpt, /- type:|target: \{ (pod|container):/)
    })
  }
}

function withoutLines<T extends { faults: { line?: number }[] }>(experiment: T): T {
  return { ...experiment, faults: experiment.faults.map(({ line: _, ...fault }) => fault) }
}
