/** Finding containers as a document names them: by name, id, labels or compose service. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { TargetQuery } from '../../document/experiment.ts'
import { SquallError } from '../../errors.ts'
import type { Json, Target } from '../injector.ts'
import { globPattern } from '../process/find.ts'
import type { EngineAddress } from './docker-address.ts'
import { type Engine, openEngine } from './engine.ts'

/** What everything that Squall makes in an engine carries: `<run>/<fault>`, and until when it may be there. */
export const markLabel = 'squall.mark'
const serviceLabel = 'com.docker.compose.service'

interface Listed {
  Id: string
  Names: string[] | null
  Image: string
  State: string
  Labels: Record<string, string> | null
}

export interface FoundContainer {
  id: string
  name: string
  image: string
  running: boolean
  labels: Record<string, string>
}

/** The facts of a container that is a target. */
export type ContainerFacts = {
  id: string
  name: string
  image: string
  labels: Record<string, string>
  engine: EngineAddress
  firstPid?: number
}

export function factsOf({ facts }: Target): ContainerFacts {
  return facts as unknown as ContainerFacts
}

/** All that match every part of the query, by name. Squall's own helpers never do. */
export async function findContainers(engine: Engine, query: TargetQuery): Promise<FoundContainer[]> {
  const listed = await engine.call<Listed[]>('GET', '/containers/json', { query: { all: true } })
  const all = listed
    .map(({ Id, Names, Image, State, Labels }) => ({
      id: Id,
      // A link's alias has a slash of its own; the container's name is the one without.
      name: ((Names ?? []).find((name) => name.lastIndexOf('/') === 0) ?? `/${Id.slice(0, 12)}`).slice(1),
      image: Image,
      running: State === 'running',
      labels: Labels ?? {},
    }))
    .filter((one) => one.labels[markLabel] === undefined)
  return named(all, query.name)
    .filter((one) => matches(query, one))
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** A name means the containers of this name; where there is none, those of this compose service; where there is none, an id. */
function named(all: readonly FoundContainer[], name: string | undefined): FoundContainer[] {
  if (name === undefined) return [...all]
  const glob = globPattern(name)
  const byName = all.filter((one) => glob.test(one.name))
  if (byName.length > 0) return byName
  const byService = all.filter(({ labels }) => labels[serviceLabel] === name)
  return byService.length > 0 ? byService : all.filter(({ id }) => isIdOf(name, id))
}

function matches(query: TargetQuery, { id, labels }: FoundContainer): boolean {
  if (query.id !== undefined && !isIdOf(query.id, id)) return false
  if (query.service !== undefined && labels[serviceLabel] !== query.service) return false
  return Object.entries(query.labels ?? {}).every(([key, value]) => labels[key] === value)
}

function isIdOf(text: string, id: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(text) && id.startsWith(text)
}

/**
 * The running ones, as targets of a fault.
 * @throws SquallError `no-target`, `target-protected`, `docker-unreachable`
 */
export async function containerTargets(query: TargetQuery, words: string): Promise<Target[]> {
  if (Object.keys(query).length === 0)
    throw new SquallError('no-target', 'the target names no container: say a name, an id, labels or a compose service')
  const engine = openEngine()
  const found = await findContainers(engine, query)
  const running = found.filter((one) => one.running)
  if (found.length > 0 && running.length === 0)
    throw new SquallError('no-target', `${found.map(({ name }) => name).join(', ')}: not running`)
  const own = ownContainer()
  const free = running.filter(({ id }) => !own.some((text) => id.startsWith(text)))
  if (free.length === 0 && running.length > 0)
    throw new SquallError('target-protected', `${words} matches only the container in which Squall itself runs`)
  if (free.length === 0) throw new SquallError('no-target', `no container with ${words} at ${engine.address.url}`)
  return free.map(({ id, name, image, labels }) => ({
    place: 'container',
    id,
    name: `container ${name}`,
    among: free.length,
    facts: { id, name, image, labels, engine: engine.address as unknown as Json },
  }))
}

/** What the ids of the container that we ourselves run in may begin with; empty outside one. */
function ownContainer(): string[] {
  const files = ['/proc/self/cgroup', '/proc/self/mountinfo'].map((file) => {
    try {
      return readFileSync(file, 'latin1')
    } catch {
      return ''
    }
  })
  const named = files.flatMap((text) => [...text.matchAll(/(?:docker[-/]|\/containers\/)([0-9a-f]{64})/g)].map(([, id]) => id as string))
  // Docker names a container's host by the first twelve letters of its id.
  return /^[0-9a-f]{12}$/.test(hostname()) ? [...named, hostname()] : named
}
