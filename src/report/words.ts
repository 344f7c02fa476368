/** Words that several views share. */
import type { Phase } from '../document/experiment.ts'
import type { ChangeRecord } from '../records/run-data.ts'
import type { StoredRun } from '../records/stored-run.ts'
import type { Outcome, Question, Verdict } from '../verdict/verdict.ts'

/** What stands first: a placebo run has no outcome of its own, only the judge's answer. */
export function headline({ outcome, placebo }: Pick<Verdict, 'outcome' | 'placebo'>): string {
  if (!placebo) return outcomeWords[outcome]
  if (outcome === 'error' || outcome === 'aborted') return `placebo, ${outcomeWords[outcome]}`
  return { yes: 'placebo, false alarm', no: 'placebo, no false alarm', "can't tell": "placebo, can't tell" }[placebo.alarm]
}

const outcomeWords: Record<Outcome, string> = {
  passed: 'passed',
  failed: 'failed',
  inconclusive: 'inconclusive',
  aborted: 'aborted',
  error: 'error',
}

/** `+1:05.3`: minutes, seconds and tenths since the run's start. */
export function clock(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100))
  const seconds = (tenths % 600) / 10
  return `+${Math.floor(tenths / 600)}:${seconds.toFixed(1).padStart(4, '0')}`
}

/** `1 min 25 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '', seconds % 60 > 0 ? `${seconds % 60} s` : '']
    .filter(Boolean)
    .join(' ')
}

/** `2026-11-23 14:30:15 UTC`. */
export function wallTime(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** What happened to a change and when, as far as it did: of a fault that repeats each time, and the last one in full. */
export function changeTimes(change: ChangeRecord): string {
  if (change.injectedAt === undefined) return 'never injected'
  const earlier = (change.earlier ?? []).map(({ injectedAt = 0, inactiveAt }) =>
    inactiveAt === undefined ? clock(injectedAt) : `${clock(injectedAt)} to ${clock(inactiveAt)}`,
  )
  const steps: [string, number | undefined][] = [
    ['injected', change.injectedAt],
    ['active', change.activeAt],
    ['undo began', change.undoAt],
    ['gone', change.inactiveAt],
    ['looked again', change.state === 'verified' ? change.settledAt : undefined],
  ]
  const done = steps.flatMap(([word, at]) => (at === undefined ? [] : [`${word} ${clock(at)}`]))
  return earlier.length === 0 ? done.join(', ') : `${earlier.length + 1} times: ${earlier.join(', ')}, then ${done.join(', ')}`
}

export const phaseWords: Record<Phase, string> = {
  warmup: 'warm-up',
  baseline: 'baseline',
  fault: 'fault',
  rollback: 'rollback',
  recovery: 'recovery',
}

/** The three questions with their answers, in the order they are asked. */
export function questionsOf({ questions }: Verdict): (Question & { asks: string })[] {
  return [
    { asks: 'Steady before?', ...questions.steady },
    { asks: 'Within bounds?', ...questions.within },
    { asks: 'Recovered?', ...questions.recovered },
  ]
}

/** What identifies a run, name and value; what is not known is left out. */
export function factsOf(run: StoredRun<Verdict>): [name: string, value: string][] {
  const { experiment, startedAt, endedAt } = run
  const lasted = endedAt === undefined ? 'no end recorded' : duration(Date.parse(endedAt) - Date.parse(startedAt))
  const facts: [string, string | undefined][] = [
    ['started', wallTime(startedAt)],
    ['lasted', lasted],
    ['environment', experiment.environment],
    ['service', experiment.service],
    ['owner', experiment.owner],
    ['tags', experiment.tags.join(', ')],
    ['run', run.id],
    ['seed', String(run.seed)],
    ['document', `sha256 ${run.hash.slice(0, 12)}`],
  ]
  return facts.flatMap(([name, value]): [string, string][] => (value === undefined || value === '' ? [] : [[name, value]]))
}

/** A run as it is shown: with what other runs say about the judge, which its own record does not know. */
export interface ShownRun extends StoredRun<Verdict> {
  trust?: readonly string[]
}

/** Everything worth a note: why it was cut short, errors, what the judge noted. */
export function notesOf({ verdict, abort, error }: ShownRun): string[] {
  return [
    ...(abort ? [`Cut short at ${clock(abort.at)} by ${abort.by}: ${abort.why}`] : []),
    ...(error ? [`Error ${error.code}: ${error.message}`] : []),
    ...(verdict?.notes ?? []),
  ]
}
