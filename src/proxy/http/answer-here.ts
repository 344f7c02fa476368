/** An exchange that ends without the service: what its caller is told. */
import type { Decision } from './decide.ts'
import type { Exchange } from './exchange.ts'
import { buildAnswer, type LocalAnswer } from './local-answer.ts'

export function answerHere(exchange: Exchange, { taken, act, retryAfter = 0 }: NonNullable<Decision['end']>): void {
  if (act.is === 'answer') give(exchange, act, taken.rule.fault.id)
  else if (act.is === 'quota') {
    const seconds = String(Math.max(1, Math.ceil(retryAfter / 1000)))
    const fields = {
      'Retry-After': seconds,
      'RateLimit-Limit': String(act.calls),
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': seconds,
    }
    give(exchange, { status: act.status, fields, body: '' }, taken.rule.fault.id)
  }
}

/** The answer waits in the exchange until it is its turn. */
export function give(exchange: Exchange, answer: LocalAnswer, fault: string): void {
  exchange.request = 'answered here'
  exchange.status = answer.status
  exchange.answer = buildAnswer(answer, exchange.asked.head, fault)
}
