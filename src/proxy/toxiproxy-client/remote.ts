/** One proxy of a Toxiproxy server, with what this process has put there and what is still on its way. */
import { monotonicMs, within } from '../../system/clock.ts'
import { notUsable } from './api.ts'
import type { Limits, ProxyCalls } from './proxy-calls.ts'
import type { Put } from './put-memory.ts'

export interface Remote {
  name: string
  /** For people. */
  called: string
  calls: ProxyCalls
  /** By id of the fault. */
  put: Map<string, Put>
  /** Calls that may have an effect still. */
  pending: Set<Promise<void>>
  /** The server is a Toxiproxy that is new enough. */
  isKnown: boolean
}

/** ms for all calls of one action. Taking a toxic away may take 5 s for each piece that it holds, while a caller does not read. */
export const limits = { look: 5_000, change: 20_000 } as const

/** ms; never 0, which would be no limit. */
export function left(until: number): number {
  return Math.max(1, Math.round(until - monotonicMs()))
}

/** For a call that puts something: it counts as pending until it can have no effect any more. */
export function following({ pending }: Remote, limit: number): Limits {
  const { promise, resolve } = Promise.withResolvers<void>()
  pending.add(promise)
  const onEnd = (): void => {
    pending.delete(promise)
    resolve()
  }
  return { limit, onEnd }
}

/** Waits for what was sent and not answered: it could take effect after the look that found nothing. */
export async function settled({ pending, called }: Remote, limit: number): Promise<void> {
  const open = [...pending]
  if (open.length > 0) await within(Promise.all(open), limit, () => notUsable(`${called} has still not answered what it was told`))
}
