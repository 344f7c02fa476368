/** A fault that a proxy was told to do, and what it has done so far. */
import type { FaultStatus, ProxyFault } from './fault.ts'
import { newTally, type Tally } from './stages/stage.ts'

export interface PutFault {
  fault: ProxyFault
  holder: string
  readonly acted: FaultStatus['acted']
  readonly tally: Tally
}

export function putFault(fault: ProxyFault, holder: string): PutFault {
  return { fault, holder, acted: { connections: 0, pieces: 0, bytes: 0, requests: 0 }, tally: newTally() }
}

export function statusOf({ fault, holder, acted, tally }: PutFault): FaultStatus {
  const achieved: Record<string, number> = {}
  if (tally.waits > 0) achieved.delay = tally.waited / tally.waits
  if (tally.flowedMs > 0) achieved.rate = (tally.flowed / tally.flowedMs) * 1000
  if (tally.drawn > 0) achieved.share = tally.hit / tally.drawn
  return { fault, holder, acted: { ...acted }, achieved }
}
