/** How strong an HTTP fault has been, where enough calls have passed to tell chance from weakness. */
import type { SeenFault } from '../../proxy/lease-type.ts'
import type { HttpSpec } from './http-spec.ts'

export interface Tally {
  matched: number
  acted: number
  waits: number
  waitedMs: number
}

/** Relative: beyond this a fault counts as weaker than asked (`format.md` §3), so chance must stay well below it. */
const slack = 0.2
/** Standard errors that chance may make. */
const sure = 3

export function tallyOf({ acted, achieved = {} }: SeenFault): Tally {
  const { matched = 0, waits = 0, delay = 0 } = achieved
  return { matched, acted: acted?.requests ?? 0, waits, waitedMs: delay * waits }
}

/** `since`: what had been counted when a dial was last moved. */
export function doseOf(
  asked: HttpSpec,
  now: Tally,
  since: Tally = { matched: 0, acted: 0, waits: 0, waitedMs: 0 },
): { dose?: Record<string, number> } {
  const matched = now.matched - since.matched
  const waits = now.waits - since.waits
  const dose: Record<string, number> = {}
  if (tellsShare(asked, matched)) dose.share = (now.acted - since.acted) / matched
  if (tellsDelay(asked, waits)) dose.delay = (now.waitedMs - since.waitedMs) / waits
  return Object.keys(dose).length > 0 ? { dose } : {}
}

/** Only where nothing but the share decides on which calls it acts, and where so many have passed that chance is small beside it. */
function tellsShare({ share, nth, skip, first, most, cap, quota, damage, change }: HttpSpec, calls: number): boolean {
  const others = [nth, skip, first, most, cap, quota, damage, change].some((one) => one !== undefined)
  if (share === undefined || share === 0 || others || calls === 0) return false
  return sure * Math.sqrt((1 - share) / (share * calls)) <= slack
}

/** The mean of a lognormal delay is not the median that was asked for. */
function tellsDelay({ delay, jitter = 0, distribution = 'uniform' }: HttpSpec, waits: number): boolean {
  if (delay === undefined || delay === 0 || waits === 0 || (distribution === 'lognormal' && jitter > 0)) return false
  return sure * (jitter / delay / Math.sqrt(waits)) <= slack
}
