import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentWith, load } from './support.ts'

/** What is said about these faults: code, severity and line of each problem. */
function said(faults: string, rest = ''): string[] {
  const loaded = load(documentWith({ faults: `faults:\n${faults}`, rest }))
  return (loaded.ok ? loaded.warnings : loaded.problems).map(({ code, severity, line }) => `${code} ${severity} ${line}`)
}

const one = (type: string, target: string, name = type): string => `  - { type: ${type}, name: ${name}, target: ${target} }\n`

suite('faults against each other', () => {
  test('two on all processes of one query want the same processes: refused', () => {
    assert.deepEqual(said(one('pause', '{ process: pay, pick: all }') + one('kill', '{ process: pay, pick: all }')), [
      'faults-collide error 7',
    ])
  })

  test('one on all of them is enough, also when it says 100%', () => {
    assert.deepEqual(said(one('pause', '{ process: pay, pick: 100% }') + one('kill', '{ process: pay }')), ['faults-collide error 7'])
  })

  test('when each chooses some, they may choose the same: a warning', () => {
    assert.deepEqual(said(one('pause', '{ process: pay }') + one('kill', '{ process: pay }')), ['faults-collide warning 7'])
  })

  test('different queries, or different parts of the machine, are nobody’s business', () => {
    assert.deepEqual(said(one('pause', '{ process: pay }') + one('kill', '{ process: orders }')), [])
    assert.deepEqual(said(one('pause', '{ process: pay }') + '  - { type: cpu, target: { host: local }, load: 50% }\n'), [])
  })

  test('the processors of this machine can be kept busy by one fault only, even one after the other', () => {
    const cpu = (name: string, when: string): string => `  - { type: cpu, name: ${name}, target: { host: local }, load: 50%, ${when} }\n`
    assert.deepEqual(said(cpu('a1', 'for: 20s') + cpu('b1', 'after: 60s, for: 20s')), ['faults-collide error 7'])
  })
})

suite('a primary that stops', () => {
  const watched = 'sources: { db: { type: endpoint, url: http://a/ } }\nmeasures: { primaries: { from: db, max: 1 } }'

  test('without a measure of the primaries nobody would see two of them', () => {
    assert.deepEqual(said(one('pause', '{ process: postgres-primary }')), ['primary-unwatched warning 6'])
    assert.deepEqual(said(one('kill', '{ process: { labels: { role: master } } }')), ['primary-unwatched warning 6'])
  })

  test('with it, and for other processes, nothing is said', () => {
    assert.deepEqual(said(one('pause', '{ process: postgres-primary }'), watched), [])
    assert.deepEqual(said(one('pause', '{ process: webmaster }') + one('kill', '{ process: primarykeys }')), [])
  })
})
