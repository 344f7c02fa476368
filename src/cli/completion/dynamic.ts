/** `squall __complete KIND`, asked by the completion scripts: what changes from day to day. A line each, `word<Tab>what it is`. Only reads. */
import { existsSync } from 'node:fs'
import { indexPath } from '../../system/paths.ts'

/** Runs that are listed, newest first. */
const mostRuns = 50

const lists: Record<string, () => Promise<[word: string, says: string][]>> = {
  run: runs,
  experiment: experiments,
  fault: faults,
  proxy: proxies,
}

/** Nothing for an unknown kind, and nothing when the records cannot be read: a key pressed in a shell is no place for errors. */
export async function completions(kind: string): Promise<string[]> {
  try {
    const list = (await lists[kind]?.()) ?? []
    return list.map(([word, says]) => `${word}\t${says.replace(/\s+/g, ' ')}`)
  } catch {
    return []
  }
}

async function runs(): Promise<[string, string][]> {
  if (!existsSync(indexPath())) return []
  const { listRuns } = await import('../../records/index-db.ts')
  const rows = await listRuns({ limit: mostRuns }, undefined)
  const newest: [string, string][] = rows.length > 0 ? [['last', 'the last run']] : []
  return [...newest, ...rows.map(({ id, name, outcome }): [string, string] => [id, `${name}, ${outcome ?? 'running'}`])]
}

async function experiments(): Promise<[string, string][]> {
  if (!existsSync(indexPath())) return []
  const { countExperiments } = await import('../../records/index-db.ts')
  return (await countExperiments()).map(({ name, runs }) => [name, `${runs} ${runs === 1 ? 'run' : 'runs'}`])
}

async function faults(): Promise<[string, string][]> {
  const [{ injectors }, { faultRows }] = await Promise.all([import('../../catalogue.ts'), import('../../faults/matrix.ts')])
  // A type that acts at several places is one word.
  return [...new Map(faultRows(injectors).map(({ type, says }) => [type, says] as [string, string]))]
}

/** Read from what lies there: a key press must not wait for one that does not answer. */
async function proxies(): Promise<[string, string][]> {
  const { readEntry, registeredPlaces } = await import('../../proxy/life/registry.ts')
  return registeredPlaces().flatMap((place): [string, string][] => {
    const entry = readEntry(place)
    return entry ? [[entry.name, `${entry.listen}, passes on to ${entry.upstream}`]] : []
  })
}
