/** What becomes of one question. */
import { globPattern } from '../process/find.ts'
import { answering, failing, readQuestion } from './message.ts'
import type { DnsSpec } from './spec.ts'

export type Rule = Pick<DnsSpec, 'names' | 'answer' | 'fail' | 'delay'>

export type Response = { wait: number } & ({ message: Buffer } | { forward: true } | { silence: true })

export function responder({ names, answer, fail, delay = 0 }: Rule): (query: Buffer) => Response {
  const patterns = names?.map((name) => globPattern(name.toLowerCase().replace(/\.$/, '')))
  return (query) => {
    const question = readQuestion(query)
    if (!question || (patterns && !patterns.some((pattern) => pattern.test(question.name)))) return { wait: 0, forward: true }
    if (fail === 'drop') return { wait: 0, silence: true }
    if (fail) return { wait: delay, message: failing(query, question, fail) }
    if (answer !== undefined) return { wait: delay, message: answering(query, question, answer) }
    return { wait: delay, forward: true }
  }
}
