/** From cells to answers, from answers to the outcome and the one sentence that names it. */
import type { RunData } from '../records/run-data.ts'
import { finding } from './sentence.ts'
import type { Answer, CellVerdict, Outcome, Question, RecoveryTime, Verdict } from './verdict.ts'

export function withinQuestion(cells: readonly CellVerdict[], tookPlace: boolean, abort: RunData['abort']): Question {
  if (abort?.breached) return { answer: 'no', reason: abort.why }
  if (!tookPlace) return { answer: "can't tell", reason: 'there was no fault phase' }
  return fromCells(cells, 'within bounds during the fault', 'nothing is bounded during the fault')
}

export function recoveredQuestion(cells: readonly CellVerdict[], tookPlace: boolean): Question {
  if (!tookPlace) return { answer: "can't tell", reason: 'there was no recovery phase' }
  return fromCells(cells, 'recovered', 'nothing is bounded after the fault')
}

function fromCells(cells: readonly CellVerdict[], good: string, empty: string): Question {
  const breached = cells.find(({ decision }) => decision === 'breached')
  if (breached) return { answer: 'no', reason: breached.sentence }
  const open = cells.find(({ decision, advisory }) => decision === "can't tell" && !advisory)
  if (open) return { answer: "can't tell", reason: open.sentence }
  return { answer: 'yes', reason: cells.length > 0 ? good : empty }
}

type Found = Pick<Verdict, 'questions' | 'cells' | 'faults'> & { recovery: RecoveryTime }

/** A placebo run's answer; undefined for a real one. */
export function placeboOf(data: RunData, { questions: { steady, within, recovered }, cells }: Found): Verdict['placebo'] {
  if (!data.placebo) return undefined
  const say = (alarm: Answer, what: string): Verdict['placebo'] => ({ alarm, sentence: `Placebo, nothing was injected: ${what}` })
  if (data.abort?.by === 'guard') return say('yes', `false alarm of the guard: ${data.abort.why}`)
  if (data.error || data.abort) return say("can't tell", 'the run did not come to its end')
  if (steady.answer !== 'yes') return say("can't tell", steady.reason)
  if (within.answer === 'no' || recovered.answer === 'no') return say('yes', `false alarm: ${failure(cells)}`)
  const doubt = [within, recovered].find(({ answer }) => answer !== 'yes')
  return doubt ? say("can't tell", doubt.reason) : say('no', 'no false alarm')
}

/** What went wrong with the run itself outranks what it found; a stop outranks a finding; a weak fault proves nothing good, but harm is harm. */
export function outcomeOf(data: RunData, found: Found): { outcome: Outcome; because: string } {
  const { steady, within, recovered } = found.questions
  if (data.error) return { outcome: 'error', because: `Error: ${data.error.message}` }
  const broken = found.faults.find(({ problem }) => problem === 'never active' || problem === 'died')
  if (broken)
    return {
      outcome: 'error',
      because: `Error: the fault ${broken.fault} at ${broken.target} ${broken.problem === 'died' ? 'was lost: ' : ''}${broken.text}`,
    }
  const placebo = placeboOf(data, found)
  if (data.abort)
    return {
      outcome: 'aborted',
      because: `Aborted (${data.abort.by})${placebo ? ', a placebo, nothing was injected' : ''}: ${data.abort.why}`,
    }
  if (placebo) return { outcome: 'inconclusive', because: placebo.sentence }
  if (steady.answer !== 'yes') {
    const injected = data.changes.some(({ injectedAt }) => injectedAt !== undefined)
    const doubt = steady.answer === 'no' ? 'not steady before the fault' : "can't tell whether it was steady before the fault"
    return { outcome: 'inconclusive', because: `Inconclusive: ${doubt}: ${steady.reason}${injected ? '' : '; nothing was injected'}` }
  }
  if (within.answer === 'no' || recovered.answer === 'no') return { outcome: 'failed', because: `Failed: ${failure(found.cells)}` }
  const weak = found.faults[0]
  if (weak)
    return {
      outcome: 'inconclusive',
      because: `Inconclusive: the fault ${weak.fault} at ${weak.target} was ${weak.problem === 'lost' ? 'lost' : 'not as asked'}: ${weak.text}`,
    }
  const doubt = [within, recovered].find(({ answer }) => answer !== 'yes')
  if (doubt) return { outcome: 'inconclusive', because: `Inconclusive: ${doubt.reason}` }
  return {
    outcome: 'passed',
    because: `Passed: steady before, ${within.reason}, ${found.recovery.sentence === '' ? 'recovered' : found.recovery.sentence}`,
  }
}

/** Errors speak first: they are what users see. */
function failure(cells: readonly CellVerdict[]): string {
  const all = cells.filter(({ phase, decision }) => phase !== 'baseline' && decision === 'breached')
  // The tail of a latency that is too high altogether is no news.
  const breached = all.filter(({ advisory }) => !advisory || !all.some(({ kind, advisory: tail }) => kind === 'latency' && !tail))
  const rank = ({ phase, kind }: CellVerdict): number => (phase === 'fault' ? 0 : 2) + (kind === 'share' ? 0 : 1)
  const [first, ...others] = breached.toSorted((a, b) => rank(a) - rank(b))
  if (!first) return 'a bound was broken'
  const names = others.map(({ measure, phase }) => `${measure} ${phase === 'fault' ? 'during' : 'after'} the fault`)
  return finding(first) + (names.length > 0 ? `; also ${names.join(', ')}` : '')
}
