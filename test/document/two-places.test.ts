/** A type of fault that acts at two places, and at each has its own parameters and its own injector. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as z from 'zod/mini'
import type { DocumentCatalogue } from '../../src/document/document-catalogue.ts'
import { placesOfType } from '../../src/document/fault-entry.ts'
import { experimentSchema } from '../../src/document/json-schema.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { says, share, text } from '../../src/document/schema-types.ts'
import type { AnyInjector } from '../../src/faults/injector.ts'
import { builtInPair } from '../../src/guardian/injector-of.ts'
import { documentWith } from './support.ts'

const entry = (places: ['process'] | ['host'], spec: z.core.$ZodType) => ({ type: 'slow', places, spec: says('Slows.', spec as never) })
const atProcess = entry(['process'], z.strictObject({ by: says('How much.', share) }))
const atHost = entry(['host'], z.strictObject({ disk: says('Which one.', text) }))
const catalogue: DocumentCatalogue = { faults: [atProcess, atHost], sources: [] }

const documentOf = (fault: string): string => documentWith({ faults: `faults:\n  - { type: slow, ${fault} }` })
const codes = (fault: string): string[] => {
  const loaded = loadDocumentText(documentOf(fault), 'x.yaml', { catalogue })
  return loaded.ok ? [] : loaded.problems.map(({ code, fix }) => `${code}: ${fix}`)
}

suite('a type that acts at two places', () => {
  test('has the parameters of the place that its target names', () => {
    assert.deepEqual(codes('target: { process: a }, by: 50%'), [])
    assert.deepEqual(codes('target: { host: local }, disk: sda'), [])
    assert.deepEqual(codes('target: { host: local }, disk: sda, by: 50%'), [
      'key-unknown: possible here: disk, type, target, name, after, for, every, ramp',
    ])
  })

  test('names all of its places where the target is at another', () => {
    assert.deepEqual(codes('target: { pod: a }, by: 50%'), ['fault-not-available: available: process, host'])
    assert.deepEqual(placesOfType(catalogue.faults, 'slow'), ['process', 'host'])
  })

  test('is in the schema for editors once for each', () => {
    const accepts = new Ajv2020({ strict: false }).compile(experimentSchema(catalogue))
    const document = (fault: object) => ({
      ...{ name: 'x', hypothesis: 'It holds.', environment: 'test', traffic: { url: 'http://a/', rate: '1/s' } },
      faults: [{ type: 'slow', ...fault }],
    })
    assert.ok(accepts(document({ target: { process: 'a' }, by: '50%' })))
    assert.ok(accepts(document({ target: { host: 'local' }, disk: 'sda' })))
    assert.ok(!accepts(document({ target: { host: 'local' }, by: '50%' })))
  })

  test('is done by the injector of the place, and by the first one when a journal names none', () => {
    const injectors = [atProcess, atHost] as unknown as AnyInjector[]
    assert.equal(builtInPair(injectors, 'slow', 'host').injector, atHost)
    assert.equal(builtInPair(injectors, 'slow', 'process').injector, atProcess)
    assert.equal(builtInPair(injectors, 'slow', undefined).injector, atProcess)
  })
})
