/** What the first experiment asks for and what it freezes: chosen from what was found, with the reason in words. Pure. */
import { suggestion } from '../../document/nearest.ts'
import { SquallError } from '../../errors.ts'
import { isGood, type Probed } from './probe.ts'
import type { Service } from './services.ts'

export interface Wishes {
  /** What the traffic asks for. */
  url?: string
  /** What is frozen: by the port on which it listens, or by its name. */
  port?: number
  service?: string
}

export interface Choice {
  url: string
  /** The service that answers at the URL; null when none that was found. */
  entry: Service | null
  /** What is frozen; null when it must be filled in. */
  target: Service | null
  /** How the URL is known: by hand, by its answer, by a guess that nobody has tried, by a bad answer, or not at all. */
  page: 'named' | 'answers' | 'untried' | 'answers badly' | 'unknown'
  /** Why, in words; empty where nothing was chosen. */
  because: { url: string; target: string }
  /** Services that could be frozen instead. */
  others: Service[]
}

/** Stands in a document whose service is not known yet. */
export const placeholderUrl = 'http://127.0.0.1:8080/'

/** `probed`: answers by first pid; null when nobody was asked. @throws SquallError `usage` for a wish that cannot be granted */
export function choose(services: readonly Service[], probed: ReadonlyMap<number, Probed> | null, wishes: Wishes): Choice {
  const free = services.filter(({ leftAlone, host }) => leftAlone === undefined && host !== null)
  const wished = wishedTarget(services, wishes)
  const here = free.filter((service) => service.here)
  const named = wishes.url === undefined ? undefined : (free.find((service) => listensAt(service, wishes.url as string)) ?? null)
  const entry = named === undefined ? (wished ? topCaller(wished, free) : firstEntry(here, probed)) : named
  const url = wishes.url ?? (entry ? (probed?.get(entry.pids[0])?.url ?? `http://${entry.host}:${entry.ports[0]}/`) : placeholderUrl)
  const target = wished ?? (entry ? smallest(entry, here) : null)
  return {
    url,
    entry,
    target,
    page: wishes.url !== undefined ? 'named' : entry ? pageOf(probed?.get(entry.pids[0])) : 'unknown',
    because: {
      url: wishes.url !== undefined ? 'you named it' : entry ? entryReason(entry, free, probed) : '',
      target: wished ? 'you named it' : target && entry ? targetReason(target, entry, free, here) : '',
    },
    others: here.filter((service) => service !== target),
  }
}

function wishedTarget(services: readonly Service[], { port, service: name }: Wishes): Service | null {
  if (port === undefined && name === undefined) return null
  const wish = port === undefined ? `--service ${name}` : `--port ${port}`
  const found = services.filter((service) => (port === undefined ? service.name === name : service.ports.includes(port)))
  const free = found.filter(({ leftAlone }) => leftAlone === undefined)
  if (free[0] && (name === undefined || free[0].name === name)) return free[0]
  const [alone] = found
  if (alone?.leftAlone !== undefined) {
    throw new SquallError('usage', `${wish}: ${alone.program} is left alone by squall init: ${alone.leftAlone}`, {
      hint: 'Begin with something smaller; what must be, can be written into the document by hand.',
    })
  }
  const names = services.flatMap(({ name, leftAlone }) => (leftAlone === undefined ? name : []))
  throw new SquallError('usage', `${wish}: no program of yours is called so, or listens there`, {
    hint:
      (name === undefined ? undefined : suggestion(name, names)) ??
      (names.length > 0 ? `There are: ${names.join(', ')}.` : 'Start it first.'),
  })
}

function listensAt({ ports }: Service, url: string): boolean {
  const { hostname, port, protocol } = new URL(url)
  const number = Number(port || (protocol === 'https:' ? 443 : 80))
  return /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname) && ports.includes(number)
}

const callersOf = (service: Service, among: readonly Service[]): Service[] => among.filter(({ calls }) => calls.includes(service))

/** Up the connections, to where requests come in: the service itself when nobody is known to call it. */
function topCaller(service: Service, among: readonly Service[]): Service {
  const seen = new Set([service])
  let at = service
  for (;;) {
    const above = callersOf(at, among).find((caller) => !seen.has(caller))
    if (!above) return at
    seen.add(above)
    at = above
  }
}

function pageOf(probed: Probed | undefined): Choice['page'] {
  return probed ? (isGood(probed.status) ? 'answers' : 'answers badly') : 'untried'
}

/** The front door: calls others and is called by none; else who has a port that was chosen, answers well; at last the lowest port. */
function firstEntry(here: readonly Service[], probed: ReadonlyMap<number, Probed> | null): Service | null {
  const merits = (service: Service): number[] => {
    const isCalled = callersOf(service, here).length > 0
    return [
      !isCalled && service.calls.some((other) => here.includes(other)) ? 1 : 0,
      service.fixedPort ? 1 : 0,
      isGood(probed?.get(service.pids[0])?.status ?? 0) ? 1 : 0,
      isCalled ? 0 : 1,
      -(service.ports[0] ?? 0),
    ]
  }
  const speaking = probed ? here.filter((service) => probed.has(service.pids[0])) : here
  return [...speaking].sort((a, b) => compare(merits(b), merits(a)))[0] ?? null
}

/** Behind the entry, what fewest call and what calls nobody itself; the entry when nothing is known to lie behind it. */
function smallest(entry: Service, here: readonly Service[]): Service {
  const behind = new Set<Service>()
  const visit = (service: Service): void => {
    for (const next of service.calls) {
      if (next === entry || behind.has(next) || !here.includes(next)) continue
      behind.add(next)
      visit(next)
    }
  }
  visit(entry)
  const weight = (service: Service): number[] => [service.calls.length, callersOf(service, here).length]
  return [...behind].sort((a, b) => compare(weight(a), weight(b)) || (a.name < b.name ? -1 : 1))[0] ?? entry
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

function entryReason(entry: Service, free: readonly Service[], probed: ReadonlyMap<number, Probed> | null): string {
  const called = entry.calls.filter((other) => free.includes(other)).map(({ name }) => name)
  const door =
    called.length > 0 ? `${entry.name} calls ${called.join(' and ')}, and nobody is seen to call it` : `${entry.name} listens there`
  const answer = probed?.get(entry.pids[0])
  if (!answer) return `${door}; it was not asked: --probe asks it, or name a page with --url`
  const page = new URL(answer.url).pathname
  return isGood(answer.status)
    ? `${door}, and answers GET ${page} with ${answer.status}`
    : `${door}, but answers GET ${page} with ${answer.status}: name a page that works with --url`
}

function targetReason(target: Service, entry: Service, free: readonly Service[], here: readonly Service[]): string {
  if (target === entry) {
    return here.length === 1
      ? 'it is the only service of this folder'
      : 'nothing is known to lie behind it; connections tell, so use it for a moment and look again'
  }
  const callers = callersOf(target, free).map(({ name }) => name)
  return `only ${callers.join(' and ')} is seen to call it${target.calls.length === 0 ? ', and it calls nobody' : ''}: the smallest part behind ${entry.name}`
}
