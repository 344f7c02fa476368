/** Breaks HTTP calls through a proxy in the ways that exercise timeouts, retries and circuit breakers. */
import type * as z from 'zod/mini'
import type { HttpFault } from '../../proxy/fault.ts'
import type { SeenStatus } from '../../proxy/lease-type.ts'
import type { Injector, Json, Target } from '../injector.ts'
import { doseOf, type Tally, tallyOf } from './http-dose.ts'
import { httpNarrows, type MatchSpec } from './http-match.ts'
import { httpRule, ruleWords } from './http-rule.ts'
import { type HttpSpec, httpSpec } from './http-spec.ts'
import { loadLeases } from './lease-of.ts'
import { changeFaults, holdsAt, lookAtFaults, type ProxyFaultState, plannedState, putFaults, removeFaults } from './put-faults.ts'

/** With what was asked for, so that a dial can be moved. */
type HttpState = ProxyFaultState & { asked: { [key: string]: Json }; matched: Json; seed: number }

/** What is asked since a dial was last moved, and what had been counted then, by mark. Whoever else undoes the fault needs no such thing. */
const moved = new Map<string, { asked: HttpSpec; since?: Tally }>()

/** As of the last look, by mark: it comes right before a move. */
const counted = new Map<string, Tally>()

export const http: Injector<HttpSpec, HttpState> = {
  type: 'http',
  places: ['proxy'],
  narrows: httpNarrows,
  dials: ['share', 'delay', 'bandwidth'],
  settle: '500ms',
  get spec() {
    return httpSpec() as unknown as z.core.$ZodType<HttpSpec>
  },
  needs: () => [],
  async plan(asked, target, context) {
    await loadLeases()
    const seed = Math.floor(context.random() * 2 ** 31)
    const matched = matchOf(target)
    const planned = plannedState(target, [httpFault(asked, matched, context.mark, seed)], context)
    const name = context.mark.slice(context.mark.lastIndexOf('/') + 1)
    return {
      state: { ...planned, asked: JSON.parse(JSON.stringify(asked)), matched: matched as unknown as Json, seed },
      does: `at ${target.name}, ${ruleWords(asked, matched)}`,
      undoes: `take it away at ${target.name}; calls that are held flow on`,
      // Several may act at one proxy, each on its own calls; where they meet, the first that was put acts first.
      ...holdsAt(target, `http:${name}`, context),
    }
  },
  inject: putFaults,
  async adjust(state, dose, context) {
    const asked = { ...state.asked, ...dose } as HttpSpec
    await changeFaults(state, [httpFault(asked, state.matched as unknown as MatchSpec, context.mark, state.seed)], context)
    const since = counted.get(context.mark)
    moved.set(context.mark, { asked, ...(since && { since }) })
  },
  async rollback(state, context) {
    await removeFaults(state)
    moved.delete(context.mark)
    counted.delete(context.mark)
  },
  look: (state, context) =>
    lookAtFaults(state, ([fault], status) => {
      if (!fault) return { seen: '' }
      const now = tallyOf(fault)
      counted.set(context.mark, now)
      const { asked, since } = moved.get(context.mark) ?? { asked: state.asked as HttpSpec }
      return { seen: seenWords(now, status), ...doseOf(asked, now, since) }
    }),
}

function matchOf({ facts }: Target): MatchSpec {
  const { narrowing } = facts as unknown as { narrowing?: { match?: MatchSpec } }
  return narrowing?.match ?? { match: {}, except: [] }
}

function httpFault(asked: HttpSpec, matched: MatchSpec, mark: string, seed: number): HttpFault {
  return { is: 'http', id: mark, seed, rule: httpRule(asked, matched) }
}

function seenWords({ matched, acted, waits, waitedMs }: Tally, { http: calls }: SeenStatus): string {
  const left = calls?.notFollowed ? `; ${calls.notFollowed} connections carried no HTTP/1.1 that is followed` : ''
  const late = waits > 0 ? `, ${Number((waitedMs / waits).toPrecision(3))} ms late` : ''
  return (matched === 0 ? 'no request has matched yet' : `acted on ${acted} of ${matched} requests${late}`) + left
}
