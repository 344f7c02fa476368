/** What the rules want with a request. They are asked in order; after one that ends the request, the later ones do not see it. */
import type { Exchange } from './exchange.ts'
import type { Holding } from './hold.ts'
import type { LiveRule, Taken } from './live-rule.ts'
import type { HttpAct } from './rule.ts'

export type ActOf<Is extends HttpAct['is']> = Extract<HttpAct, { is: Is }>

export interface Decision {
  holding: Holding[]
  rewrites: { taken: Taken; act: ActOf<'rewrite'> }[]
  /** The service is not to hear of the request. `retryAfter`: ms, of a quota. */
  end?: { taken: Taken; act: ActOf<'answer' | 'quota' | 'hang' | 'reset' | 'close'>; retryAfter?: number }
}

/** `body`: undefined when it is not known whole. */
export function decide(rules: readonly LiveRule[], exchange: Exchange, body: Buffer | undefined, now: number): Decision {
  const decision: Decision = { holding: [], rewrites: [] }
  for (const rule of rules) {
    if (!rule.means(exchange.asked) || !rule.meansBody(body)) continue
    if (rule.wantsAnswer) {
      exchange.waiting.push(rule)
      continue
    }
    const taken = rule.take(now)
    if (!taken) continue
    exchange.taken.push(taken)
    for (const act of rule.fault.rule.acts) applyTo(decision, taken, act, now)
    if (decision.end) break
  }
  return decision
}

function applyTo(decision: Decision, taken: Taken, act: HttpAct, now: number): void {
  const { rule, count } = taken
  const here = rule.fault.rule.at === 'request'
  if (act.is === 'delay' && here) decision.holding.push({ taken, ms: rule.delayOf(act, count) })
  else if (act.is === 'rewrite') decision.rewrites.push({ taken, act })
  else if (act.is === 'answer' || ((act.is === 'hang' || act.is === 'reset' || act.is === 'close') && here)) decision.end ??= { taken, act }
  else if (act.is === 'quota') {
    const retryAfter = rule.overQuota(act.calls, act.per, now)
    if (retryAfter !== undefined) decision.end ??= { taken, act, retryAfter }
  }
}

/** What the rules want with an answer. */
export interface AnswerDecision {
  holding: Holding[]
  end?: { taken: Taken; act: ActOf<'hang' | 'reset' | 'close'> }
  lose?: { taken: Taken; act: ActOf<'lose'> }
  changes: { taken: Taken; act: ActOf<'change'> }[]
  damage?: { taken: Taken; act: ActOf<'damage'> }
  slow?: { taken: Taken; act: ActOf<'slow'> }
}

export function decideAnswer(taken: readonly Taken[]): AnswerDecision {
  const decision: AnswerDecision = { holding: [], changes: [] }
  for (const one of taken) {
    const { rule, count } = one
    const here = rule.fault.rule.at === 'answer'
    for (const act of rule.fault.rule.acts) {
      if (act.is === 'delay' && here) decision.holding.push({ taken: one, ms: rule.delayOf(act, count) })
      else if ((act.is === 'hang' || act.is === 'reset' || act.is === 'close') && here) decision.end ??= { taken: one, act }
      else if (act.is === 'lose') decision.lose ??= { taken: one, act }
      else if (act.is === 'change') decision.changes.push({ taken: one, act })
      else if (act.is === 'damage') decision.damage ??= { taken: one, act }
      else if (act.is === 'slow') decision.slow ??= { taken: one, act }
    }
  }
  return decision
}
