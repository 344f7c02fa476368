import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { deviations } from '../../e2e/toxiproxy/deviations.ts'

test('each difference to Toxiproxy that is tested is documented, and none but these', () => {
  const page = readFileSync(new URL('../../../docs/toxiproxy.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^\| ([a-z]+(?:-[a-z]+)+) \|/gm)].map(([, id]) => id)
  assert.deepEqual(documented.toSorted(), deviations.map(({ id }) => id).toSorted())
})
