import assert from 'node:assert/strict'
import { basename, dirname, normalize } from 'node:path'
import { suite, test } from 'node:test'
import { sources } from './sources.ts'

/** `design.md` §5: a room may use itself and the rooms before it. */
const rooms = [
  'system',
  'document',
  'records',
  'proxy',
  'measures',
  'faults',
  'verdict',
  'guardian',
  'run',
  'programme',
  'report',
  'server',
  'cli',
]

/** Starting points of processes and threads: each says which rooms it may start. All may use `system`. */
const entries: Record<string, readonly string[]> = {
  'close-record': ['records', 'cli'],
  'cpu-worker': [],
  'descriptors-timer': ['faults'],
  'disk-filler': ['faults'],
  'dns-responder': ['faults'],
  helper: ['faults'],
  guardian: ['guardian', 'catalogue.ts'],
  'io-worker': ['faults'],
  'listener-keeper': [],
  'memory-holder': [],
  'load-generator': ['measures'],
  'module-host': ['faults'],
  'pause-timer': [],
  proxy: ['proxy'],
  'read-typescript': ['document'],
  'record-writer': ['records'],
  'source-host': ['measures'],
  'spare-child': [],
  'traffic-worker': ['measures'],
}

/** The list of everything is handed down from the top; index.ts only names what the library exports. */
const catalogueUsers = ['cli', 'server', 'index.ts']

interface Import {
  /** Room or file directly in src. */
  from: string
  to: string
  says: string
}

function importsOf(path: string, code: string): Import[] {
  const found = code.matchAll(/(?:\bfrom\s+|\bimport\(\s*|^\s*import\s+)'(\.{1,2}\/[^']+)'/gm)
  const room = (file: string): string => file.split('/')[1] ?? ''
  return [...found].map(([, wanted = '']) => {
    const target = normalize(`${dirname(path)}/${wanted}`)
    return { from: room(path), to: room(target), says: `${path} imports ${target}` }
  })
}

function isAllowed({ from, to }: Import, path: string): boolean {
  if (from === to || to === 'errors.ts') return true
  if (from === 'entries') return to === 'system' || (entries[basename(path, '.ts')] ?? []).includes(to)
  if (to === 'catalogue.ts') return catalogueUsers.includes(from)
  if (from === 'index.ts' || from === 'catalogue.ts') return rooms.includes(to)
  return rooms.includes(from) && rooms.includes(to) && rooms.indexOf(to) < rooms.indexOf(from)
}

suite('imports', () => {
  const files = sources('src')

  test('go up the list of rooms, never down', () => {
    const wrong = files.flatMap(({ path, code }) => importsOf(path, code).filter((one) => !isAllowed(one, path)))
    assert.deepEqual(
      wrong.map((one) => one.says),
      [],
    )
  })

  test('are found at all, so that the rule can fail', () => {
    const all = files.flatMap(({ path, code }) => importsOf(path, code))
    assert.ok(all.length > files.length, `${all.length} imports in ${files.length} files`)
    assert.equal(isAllowed({ from: 'system', to: 'run', says: '' }, 'src/system/clock.ts'), false)
    assert.equal(isAllowed({ from: 'run', to: 'catalogue.ts', says: '' }, 'src/run/run.ts'), false)
  })

  test('each folder of src is a known room', () => {
    const known = [...rooms, 'entries', 'errors.ts', 'catalogue.ts', 'index.ts']
    const unknown = new Set(files.map(({ path }) => path.split('/')[1] ?? '').filter((room) => !known.includes(room)))
    assert.deepEqual([...unknown], [])
  })

  test('each entry says what it starts', () => {
    const present = files.filter(({ path }) => path.startsWith('src/entries/')).map(({ path }) => basename(path, '.ts'))
    assert.deepEqual(
      present.filter((name) => !(name in entries)),
      [],
    )
  })
})
