import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { documentCatalogue } from '../../src/catalogue.ts'
import { experimentSchema } from '../../src/document/json-schema.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { wrongDocuments } from './wrong-documents.ts'

const root = join(import.meta.dirname, '..', '..')
const schema = experimentSchema(documentCatalogue)
const accepts = new Ajv2020({ strict: false, allErrors: true }).compile(schema)

/** Documents in Markdown pages, by page. */
const inPages = ['README.md', 'docs/reference/experiment.md'].flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n(name: [^`]*)```/g)].map(([, text = '']) => [page, text] as const),
)

suite('the schema for editors', () => {
  test('explains every key', () => {
    const silent: string[] = []
    const look = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return
      const { properties = {} } = part as { properties?: Record<string, { description?: string; $ref?: string } | false> }
      for (const [key, property] of Object.entries(properties))
        if (property && property.$ref === undefined && !/\w{3}/.test(property.description ?? '')) silent.push(`${path}.${key}`)
      for (const [key, inner] of Object.entries(part)) look(inner, `${path}/${key}`)
    }
    look(schema, '')
    assert.deepEqual(silent, [])
  })

  const documents = [
    ...globSync(['test/document/examples/*.yaml', 'demo/*.yaml', 'bench/cli/*.yaml'], { cwd: root }).map(
      (path) => [path, readFileSync(join(root, path), 'utf8')] as const,
    ),
    ...inPages,
  ]
  const valid = documents.filter(([, text]) => loadDocumentText(text, 'x.yaml', { catalogue: documentCatalogue }).ok)
  for (const [path, text] of valid) {
    test(`accepts a document of ${path}, which the reader takes`, () => {
      accepts(parse(text))
      assert.deepEqual(accepts.errors ?? [], [])
    })
  }

  test('there are such documents', () => assert.ok(valid.length >= 6, valid.map(([path]) => path).join()))

  test('refuses keys that are unknown or missing and values of the wrong kind, as the reader does', () => {
    const structural = ['key-unknown', 'key-missing', 'wrong-type']
    const readable = wrongDocuments.filter(
      ([, [, ...expected]]) => expected.length > 0 && expected.every(([code]) => structural.includes(code)),
    )
    assert.ok(readable.length > 100)
    assert.deepEqual(
      readable
        .filter(([text]) => accepts(parse(text, { strict: false, uniqueKeys: false, logLevel: 'silent' })))
        .map(([, [content]]) => content),
      [],
    )
  })
})

test('the documents on the pages are valid, without a warning', () => {
  assert.equal(inPages.length, 2)
  for (const [page, text] of inPages) {
    const loaded = loadDocumentText(text, page, { catalogue: documentCatalogue })
    assert.ok(loaded.ok, JSON.stringify(loaded))
    assert.deepEqual(loaded.warnings, [], page)
  }
})
