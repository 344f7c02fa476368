import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { documentCatalogue as catalogue } from '../../src/catalogue.ts'
import { type Loaded, loadDocument, loadDocumentText } from '../../src/document/load.ts'

const folder = fileURLToPath(new URL('./examples/', import.meta.url))
const available = [
  ...[
    '02-exhaust-cpu.yaml',
    '03-fill-disk.yaml',
    '04-corrupt-dns.yaml',
    '05-latency-between-services.yaml',
    '07-partition.yaml',
    '06-packet-drop.yaml',
    '10-cache-unavailable.yaml',
    '12-revoke-tokens.yaml',
  ],
  ...['11-slow-external-api.yaml', '13-downstream-errors.yaml', '14-malformed-responses.yaml', '16-circuit-breaker.yaml'],
  ...['08-region-failover.yaml', '09-database-primary.yaml', '15-rate-limits.yaml', '17-postgres-failover.yaml'],
  ...['22-two-faults-ramp.yaml', '23-search.yaml'],
]

const load = (text: string): Loaded => loadDocumentText(text, 'experiment.yaml', { catalogue })

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
      const faults = (parse(text) as { faults: { type: string; target?: object }[] }).faults.filter((fault) => !isThere(fault))
      assert.deepEqual(
        loaded.problems.map((problem) => problem.code),
        faults.map(() => 'fault-not-available'),
      )
      for (const problem of loaded.problems) assert.match(problem.excerpt, /- type:|target: \{ (pod|container|host|app):/)
    })
  }
}

function isThere({ type, target = { none: '' } }: { type: string; target?: object }): boolean {
  return catalogue.faults.some((known) => known.type === type && known.places.some((place) => place in target))
}

function withoutLines<T extends { faults: { line?: number }[] }>(experiment: T): T {
  return { ...experiment, faults: experiment.faults.map(({ line: _, ...fault }) => fault) }
}
