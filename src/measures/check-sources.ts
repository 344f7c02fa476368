/** Before the run: every source is asked whether it can give what its measures want, and all problems are told at once. */
import type { Unit } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { within } from '../system/clock.ts'
import { type Check, isRemembered, type Reading, type Source, type SourceContext } from './source.ts'

export interface PolledMeasure {
  /** Name of the measure. */
  name: string
  query: string
  // biome-ignore lint/suspicious/noExplicitAny: sources of different configurations in one list.
  source: Source<any>
  /** The same object for all measures of one source: they share an answer. */
  config: unknown
  /** Of the bounds. Absent: whatever the source gives. */
  unit?: Unit
  /** What one of the source's numbers is in `unit`, when the document says so. */
  factor?: number
}

export interface CheckedMeasure extends PolledMeasure {
  factor: number
  /** ms between two readings. */
  step: number
  /** ms that the back end's clock is ahead of ours. */
  skew: number
  remembered: boolean
}

/** ms: what a clock may be off and still be corrected; beyond it something is wrong with one of the two machines. */
const mostSkew = 30_000
const skewWorthANote = 1_000
const patience = 15_000

/** @throws SquallError `source-not-readable`, with all problems of all measures */
export async function checkSources(measures: readonly PolledMeasure[], context: Omit<SourceContext, 'measure'>): Promise<CheckedMeasure[]> {
  const tick = {}
  const found = await Promise.all(measures.map((measure) => checkOne(measure, { ...context, measure: measure.name, tick })))
  const problems = found.flatMap(({ measure, problems }) => problems.map((problem) => `${measure.name}: ${problem}`))
  if (problems.length > 0) throw new SquallError('source-not-readable', problems.join('\n'))
  for (const note of new Set(found.flatMap(({ notes }) => notes))) context.log(note)
  return found.map(({ measure }) => measure)
}

interface Found {
  measure: CheckedMeasure
  problems: string[]
  notes: string[]
}

async function checkOne(measure: PolledMeasure, context: SourceContext): Promise<Found> {
  const { source, config, query, name } = measure
  const checked = { ...measure, factor: 1, step: 1000, skew: 0, remembered: isRemembered(source, config) }
  try {
    const checking = source.check(config, query, context)
    const check = await within(checking, patience, () => new Error(`the check did not end within ${patience / 1000} s`))
    const { step, skew = 0, notes = [] } = check
    return {
      measure: { ...checked, step, skew, factor: measure.factor ?? check.factor ?? 1 },
      problems: [...check.problems, ...unitProblems(measure, check), ...clockProblems(skew)],
      notes: [
        ...notes.map((note) => `${name}: ${note}`),
        ...(Math.abs(skew) > skewWorthANote ? [`the clock behind ${source.type} is ${ahead(skew)} ours; its times are corrected`] : []),
      ],
    }
  } catch (error) {
    return { measure: checked, problems: [(error as Error).message], notes: [] }
  }
}

function unitProblems({ unit, factor }: PolledMeasure, check: Check): string[] {
  if (check.unit === undefined || unit === undefined) return []
  if (check.unit !== unit) return [`the source gives ${check.unit}, the measure is in ${unit}: write unit: ${check.unit}`]
  const own = check.factor ?? 1
  if (factor === undefined || factor === own) return []
  return [`the source’s numbers are known: one of them is ${own} ${check.unit}; leave unit out`]
}

function clockProblems(skew: number): string[] {
  return Math.abs(skew) > mostSkew ? [`its clock is ${ahead(skew)} ours: set one of the two right`] : []
}

function ahead(skew: number): string {
  return `${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'}`
}

/** In the measure's unit. Events are counted, they have none. */
export function inUnit<T extends Reading>(reading: T, factor: number): T {
  if (factor === 1) return reading
  if ('value' in reading) return { ...reading, value: reading.value * factor }
  if ('buckets' in reading) return { ...reading, buckets: reading.buckets.map(([le, count]) => [le * factor, count]) }
  return reading
}
