/** Faults at a database: the source that they name, and what is said when it cannot be meant. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { documentWith } from './support.ts'

function said(target: string, more = '', rest = ''): string[] {
  const sources = `sources:
  db: { type: postgres, hosts: [db1:5432, db2:5432], user: squall }
  page: { type: endpoint, url: http://localhost/ }
${rest}`
  const text = documentWith({ rest: sources, faults: `faults:\n  - { type: stop, target: { ${target} }${more} }` })
  const loaded = loadDocumentText(text, 'x.yaml', { catalogue: documentCatalogue })
  return (loaded.ok ? loaded.warnings : loaded.problems).map(({ code, message }) => `${code}: ${message.replace(/^[a-z]+\S*: /, '')}`)
}

const watched = 'measures: { primaries: { from: db, max: 1 } }'

suite('faults at a database', () => {
  test('name a source that is declared, and a database', () => {
    assert.deepEqual(
      said('database: db', '', watched).filter((one) => !one.startsWith('precision')),
      [],
    )
    assert.deepEqual(said('database: dv', '', watched), ['value-not-allowed: no source is called “dv”'])
    assert.deepEqual(said('database: page', '', watched), ['place-impossible: “page” is a source of type endpoint: it is no database'])
  })

  test('say which server: primary or replica', () => {
    assert.deepEqual(
      said('database: db, role: replica', '', watched).filter((one) => !one.startsWith('precision')),
      [],
    )
    assert.match(said('database: db, role: leader', '', watched).join(), /value-not-allowed/)
    assert.match(said('container: db, role: primary').join(), /key-unknown/)
  })

  test('of the primary want somebody to watch how many there are', () => {
    assert.match(said('database: db').join(), /primary-unwatched/)
    assert.doesNotMatch(said('database: db, role: replica').join(), /primary-unwatched/)
  })

  test('have their own parameters, and no others', () => {
    assert.match(said('database: db', ', rejoin: rewound', watched).join(), /value-not-allowed/)
    assert.match(said('database: db', ', grace: 5s', watched).join(), /key-unknown/)
  })
})
