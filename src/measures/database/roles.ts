/**
 * What the hosts of a database say of themselves, and what follows from it. A host that is not there, one that says nothing and one that
 * answers but hides its role are three different things: see docs/decisions/ on hosts that do not answer.
 */
import type { Reading } from '../source.ts'
import type { Host } from './hosts.ts'

export type Answer<Facts> = { host: Host } & (
  | { is: 'primary' | 'standby'; facts: Facts }
  /** Nobody serves there: the connection was refused, or the server says that it is starting or stopping. */
  | { is: 'down'; why: string }
  /** No answer: it may be anything. */
  | { is: 'silent'; why: string }
  /** It answered and did not tell: a login refused, too many connections. */
  | { is: 'unclear'; why: string }
)

export type Told<Facts> = Extract<Answer<Facts>, { facts: Facts }>

/** How many hosts say that they are primary. Missing when that number could be of our own making. */
export function countPrimaries(answers: readonly Answer<unknown>[]): Reading {
  const told = answers.filter(toldRole)
  const unclear = answers.some(({ is }) => is === 'unclear')
  // Silent hosts are not counted as long as another one shows that our own way to the database works.
  const blind = told.length === 0 && answers.some(({ is }) => is === 'silent')
  if (unclear || blind) return { missing: whyNot(answers) }
  return { value: told.filter(({ is }) => is === 'primary').length }
}

/** The one primary, to be asked for more. */
export function onlyPrimary<Facts>(answers: readonly Answer<Facts>[]): Told<Facts> | { missing: string } {
  const primaries = answers.filter(toldRole).filter(({ is }) => is === 'primary')
  const [first, ...others] = primaries
  if (!first) return { missing: `there is no primary: ${allRoles(answers)}` }
  if (others.length > 0) return { missing: `more than one host is primary: ${primaries.map(({ host }) => host.name).join(', ')}` }
  return first
}

export function toldRole<Facts>(answer: Answer<Facts>): answer is Told<Facts> {
  return answer.is === 'primary' || answer.is === 'standby'
}

/** Reasons of all hosts that did not tell their role. */
export function whyNot(answers: readonly Answer<unknown>[]): string {
  return answers.flatMap((answer) => (toldRole(answer) ? [] : [`${answer.host.name} ${answer.why}`])).join('; ')
}

function allRoles(answers: readonly Answer<unknown>[]): string {
  return answers
    .map((answer) => (toldRole(answer) ? `${answer.host.name} is ${answer.is}` : `${answer.host.name} ${answer.why}`))
    .join('; ')
}

/** Before the run: each host tells its role, none is named twice by two names, one is primary. `server` identifies a server process. */
export function roleProblems<Facts>(answers: readonly Answer<Facts>[], server: (facts: Facts) => string): string[] {
  const told = answers.filter(toldRole)
  const twice = told.flatMap((one, index) => {
    const before = told.slice(0, index).find((other) => server(other.facts) === server(one.facts))
    return before ? [`${before.host.name} and ${one.host.name} are the same server: name it once`] : []
  })
  const unread = whyNot(answers)
  return [...(unread === '' ? [] : unread.split('; ')), ...twice]
}
