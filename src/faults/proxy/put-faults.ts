/** How the faults at a proxy are put there, taken away and looked at: alike for all of them, from what was planned alone. */
import type { ProxySpec } from '../../document/experiment.ts'
import { SquallError } from '../../errors.ts'
import type { ProxyFault } from '../../proxy/fault.ts'
import type { ProxyLease, SeenFault, SeenStatus } from '../../proxy/lease-type.ts'
import { wallMs } from '../../system/clock.ts'
import type { Change, Context, Json, Look, Target } from '../injector.ts'
import { leaseOf } from './lease-of.ts'
import { addressOf, placeOf } from './target.ts'

/** Plain data, all of it. */
export type ProxyFaultState = {
  proxy: Json
  /** Of its control; null: it is of a Toxiproxy server. */
  socket: string | null
  faults: Json[]
  /** ms since the epoch when a proxy of ours ends them by itself. */
  until: number
  /** ms since the epoch: when the proxy they were put into had started. After a restart it has none of them. Null: not put yet, or not known. */
  startedAt: number | null
}

export function plannedState(target: Target, faults: readonly ProxyFault[], context: { readonly deadline: Date }): ProxyFaultState {
  const { proxy, socket } = placeOf(target)
  const plain = faults as unknown as Json[]
  return { proxy: proxy as unknown as Json, socket: socket ?? null, faults: plain, until: context.deadline.getTime(), startedAt: null }
}

/** The lock of one kind of fault at the proxy, and when it ends by itself: a Toxiproxy server keeps what it was told until it is told otherwise. */
export function holdsAt(target: Target, kind: string, context: { readonly deadline: Date }): Pick<Change<never>, 'lock' | 'expires'> {
  const { proxy } = placeOf(target)
  const seconds = Math.max(0, Math.round((context.deadline.getTime() - wallMs()) / 1000))
  return {
    lock: `proxy:${addressOf(proxy)}:${kind}`,
    ...('listen' in proxy && { expires: `at once, and at the latest after ${seconds} s` }),
  }
}

/**
 * How the proxy will do it differently from what is asked for; of one of ours, which need not run yet, nothing.
 * @throws SquallError for what it cannot do
 */
export async function differencesAt(target: Target, faults: readonly ProxyFault[]): Promise<string[]> {
  const { proxy } = placeOf(target)
  const lease = 'toxiproxy' in proxy ? await leaseOf({ proxy }) : null
  return (await lease?.check?.(faults)) ?? []
}

export async function putFaults<State extends ProxyFaultState>(state: State, context: Context<State>): Promise<void> {
  const lease = await reach(state)
  const startedAt = (await lease.status()).startedAt ?? null
  if (startedAt !== state.startedAt) await context.save({ ...state, startedAt })
  context.signal.throwIfAborted()
  await lease.put(faultsOf(state), context.mark, state.until)
}

/** In the place of those that are there: without a moment in which nothing is. */
export async function changeFaults(state: ProxyFaultState, faults: readonly ProxyFault[], context: { mark: string }): Promise<void> {
  const lease = await reach(state)
  const { startedAt } = await lease.status()
  if (state.startedAt !== null && startedAt !== state.startedAt) throw new Error(`the proxy ${nameOf(state)} was started again meanwhile`)
  await lease.put(faults, context.mark, state.until)
}

export async function removeFaults(state: ProxyFaultState): Promise<void> {
  await asking(state, (lease) => lease.remove(idsOf(state)))
}

/**
 * `words`: what is seen of those that are there, in the order in which they were put. `unlike`: how the proxy is otherwise than it is to be
 * with them there, or without them; it may be on its way.
 */
export async function lookAtFaults(
  state: ProxyFaultState,
  words: (faults: readonly SeenFault[], status: SeenStatus) => Pick<Look, 'seen' | 'dose'>,
  unlike: (status: SeenStatus, there: boolean) => string | null = () => null,
): Promise<Look> {
  const name = nameOf(state)
  const ids = idsOf(state)
  const asked = await asking(state, async (lease) => ({ status: await lease.status(), changed: lease.changed?.(ids) }))
  if (!asked) return ended(`the proxy ${name} has ended`)
  const { status, changed } = asked
  const there = status.faults.filter(({ fault }) => ids.includes(fault.id))
  const isOtherwise = state.socket === null ? null : unlike(status, there.length > 0)
  if (isOtherwise !== null) return { active: there.length === 0, seen: isOtherwise }
  if (there.length > 0) return { active: true, ...words(there, status) }
  if (state.startedAt !== null && status.startedAt !== undefined && status.startedAt !== state.startedAt)
    return ended(`the proxy ${name} was started again meanwhile`)
  return { active: false, seen: changed ?? `the proxy ${name} has nothing of it`, ...(changed !== undefined && { changed }) }
}

function ended(what: string): Look {
  return { active: false, seen: what, died: what }
}

/** Null: the proxy has ended. A connection that ends while it is used is no answer: there may be a new process by now, or none. */
async function asking<T>(state: ProxyFaultState, ask: (lease: ProxyLease) => Promise<T>): Promise<T | null> {
  const lease = await leaseAt(state)
  if (!lease) return null
  try {
    return await ask(lease)
  } catch (error) {
    // Taken out of its Toxiproxy server, and with it all that was in it.
    if (error instanceof SquallError && error.code === 'no-target') return null
    const again = state.socket === null ? lease : await leaseAt(state)
    if (again === lease) throw error
    return again && ask(again)
  }
}

function leaseAt({ proxy, socket }: ProxyFaultState): Promise<ProxyLease | null> {
  return leaseOf({ proxy: proxy as unknown as ProxySpec, socket })
}

/** @throws when the proxy has ended */
async function reach(state: ProxyFaultState): Promise<ProxyLease> {
  const lease = await leaseAt(state)
  if (!lease) throw new Error(`the proxy ${nameOf(state)} does not run`)
  return lease
}

function faultsOf({ faults }: ProxyFaultState): ProxyFault[] {
  return faults as unknown as ProxyFault[]
}

function idsOf(state: ProxyFaultState): string[] {
  return faultsOf(state).map(({ id }) => id)
}

function nameOf({ proxy }: ProxyFaultState): string {
  return (proxy as unknown as ProxySpec).name
}
