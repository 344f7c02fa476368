import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { documentCatalogue, sources } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { schemaFields } from '../../src/document/schema-fields.ts'

describe('the reference of sources', () => {
  for (const { type, about, config } of sources) {
    it(`${type}: each setting is described, and the example is part of a valid document`, () => {
      for (const { name, says } of schemaFields(config).fields) assert.notEqual(says, '', `${name} has no description`)
      const document = `name: example
hypothesis: The example is valid.
environment: test
${about?.example}
faults:
  - type: pause
    target: { process: shop }
`
      const loaded = loadDocumentText(document, 'example.yaml', { vars: {}, catalogue: documentCatalogue })
      assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems, null, 2))
    })
  }
})
