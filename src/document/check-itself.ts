/** The document against itself: things that are well-formed and still can't be meant (`format.md` §3). */

import { checkFaultTimes } from './check-fault-times.ts'
import { checkFaults } from './check-faults.ts'
import type { DocumentCatalogue } from './document-catalogue.ts'
import { enoughMs } from './enough-data.ts'
import type { AbortBound, Bound, Experiment, JudgedPhase, Limit, Measure } from './experiment.ts'
import { faultEntry } from './fault-entry.ts'
import { stretchesOf } from './fault-times.ts'
import type { Path } from './located.ts'
import { isDefault } from './measure-defaults.ts'
import type { Collector } from './problems.ts'
import { formatQuantity } from './quantity.ts'

const phases: readonly JudgedPhase[] = ['baseline', 'fault', 'recovery']

/** Adds warnings, and errors for what can never happen. */
export function checkItself(collect: Collector, experiment: Experiment, catalogue: DocumentCatalogue): void {
  for (const measure of experiment.measures) {
    for (const direction of ['max', 'min'] as const) checkSide(collect, experiment, measure, direction)
  }
  checkFaultTimes(collect, experiment)
  checkFaults(collect, experiment, catalogue)
  checkDilution(collect, experiment, catalogue)
  checkEnoughData(collect, experiment)
  checkPrecision(collect, experiment, catalogue)
}

function checkSide(collect: Collector, experiment: Experiment, measure: Measure, direction: 'max' | 'min'): void {
  const cells = measure[direction]
  const at: Path = ['measures', measure.name, direction]
  for (const phase of phases) {
    const bound = cells[phase]
    const length = experiment.phases[phase]
    if (bound?.after !== undefined && bound.after >= length) {
      warn(
        collect,
        [...at, phase],
        'beyond-phase',
        `“${bound.text}” begins to hold when the ${phase} phase (${time(length)}) is over: it is never judged`,
        `write less than ${time(length)}, or lengthen phases.${phase}`,
      )
    }
    if (bound && !isDefault(bound) && measure.unit === 'share' && direction === 'max' && bound.limit.kind === 'times') {
      warn(
        collect,
        [...at, phase],
        'zero-baseline',
        `without a single error in the baseline, “${bound.text}” allows none at all`,
        'write e.g. +0.5pp',
      )
    }
  }
  if (cells.fault && measure.is.kind === 'share' && direction === 'max')
    checkOutageBudget(collect, cells.fault, experiment.phases.fault, [...at, 'fault'])
  if (cells.abort) checkAbort(collect, cells.abort, cells.fault, experiment.phases.fault, direction, [...at, 'abort'])
}

function checkAbort(
  collect: Collector,
  abort: AbortBound,
  guarded: Bound | undefined,
  length: number,
  direction: 'max' | 'min',
  at: Path,
): void {
  if (abort.for !== undefined && abort.for >= length) {
    warn(
      collect,
      at,
      'beyond-phase',
      `“${abort.text}” cannot come true within the fault phase (${time(length)})`,
      `write less than ${time(length)}`,
    )
  }
  if (!guarded || guarded.limit.kind === 'none') return
  if (tighter(abort.limit, guarded.limit, direction)) {
    warn(
      collect,
      at,
      'abort-tighter',
      `ends the run before the bound it guards (“${guarded.text}”) is broken: the run could never fail, only be aborted`,
      `write ${direction === 'max' ? 'more' : 'less'} than ${guarded.text.split(' ')[0]}`,
    )
  } else if (guarded.after !== undefined && abort.limit.kind !== 'none' && (abort.for ?? 0) < guarded.after) {
    warn(
      collect,
      at,
      'abort-tighter',
      `“${abort.text}” may end the run within the ${time(guarded.after)} that “${guarded.text}” grants`,
      `write “${abort.text.split(' ')[0]} for ${time(guarded.after * 1.25)}”`,
    )
  }
}

/** Of two limits of the same kind only: a multiple and a value can't be compared before the baseline is known. */
function tighter(abort: Limit, guarded: Limit, direction: 'max' | 'min'): boolean {
  const values = [strength(abort, guarded.kind), strength(guarded, abort.kind)] as const
  if (values[0] === undefined || values[1] === undefined) return false
  return direction === 'max' ? values[0] < values[1] : values[0] > values[1]
}

function strength(limit: Limit, kind: Limit['kind']): number | undefined {
  if (limit.kind !== kind || limit.kind === 'none') return undefined
  return limit.kind === 'times' ? limit.factor : limit.value
}

/** A share allowed over the whole phase is so many seconds of full outage; an `after` longer than these asks for luck. */
function checkOutageBudget(collect: Collector, bound: Bound, length: number, at: Path): void {
  if (bound.after === undefined || bound.limit.kind === 'times' || bound.limit.kind === 'none') return
  const budget = bound.limit.value * length
  if (bound.after <= budget || bound.after >= length) return
  const needing = formatQuantity(Math.round((budget / bound.after) * 100) / 100, 'share')
  const message = `${bound.text.split(' ')[0]} over ${time(length)} is ${time(budget)} of full outage: “after ${time(bound.after)}” can't be reached unless fewer than ${needing} of requests need what the fault takes away`
  warn(collect, at, 'after-unreachable', message, `allow more, or write “after ${time(budget)}”`)
}

/** Errors are averaged over the whole fault phase, also over its quiet rest. */
function checkDilution(collect: Collector, experiment: Experiment, catalogue: DocumentCatalogue): void {
  const length = experiment.phases.fault
  const instant = experiment.faults.some((fault) => faultEntry(catalogue.faults, fault.type, fault.target?.place)?.instant)
  const acting = union(experiment.faults.flatMap((fault) => stretchesOf(fault, length)))
  if (instant || acting <= 0 || acting >= length * 0.95) return
  for (const measure of experiment.measures) {
    const bound = measure.max.fault
    if (measure.is.kind !== 'share' || !bound || isDefault(bound) || bound.limit.kind === 'none') continue
    const message = `the faults act for ${time(acting)} of the ${time(length)} over which “${bound.text}” is taken: 10% of errors while they act count as ${formatQuantity(Math.round((acting / length) * 1000) / 10_000, 'share')}`
    warn(
      collect,
      ['measures', measure.name, 'max', 'fault'],
      'diluted',
      message,
      `write phases: { fault: ${time(acting)} }, or a tighter bound`,
    )
  }
}

/** Every bound on traffic needs the baseline too: without enough of it nobody can say that the system was steady. */
function checkEnoughData(collect: Collector, { traffic, measures, phases: lengths }: Experiment): void {
  if (!traffic) return
  const judged = phases.filter((phase) =>
    measures.some(
      ({ from, max, min }) => from === 'traffic' && [max[phase], min[phase]].some((bound) => bound && bound.limit.kind !== 'none'),
    ),
  )
  const enough = enoughMs(traffic.rate)
  for (const phase of new Set<JudgedPhase>(judged.length > 0 ? ['baseline', ...judged] : [])) {
    if (lengths[phase] >= enough) continue
    const message = `${time(lengths[phase])} of ${formatQuantity(traffic.rate, '/s')} are too little to judge by: the verdict would be “can't tell”`
    warn(collect, ['phases', phase], 'too-little-data', message, `write ${time(enough)} or more`)
  }
}

function checkPrecision(collect: Collector, experiment: Experiment, catalogue: DocumentCatalogue): void {
  for (const { measure, phase, direction, sentence, wouldSuffice } of catalogue.foresee?.(experiment) ?? []) {
    const bound = experiment.measures.find(({ name }) => name === measure)?.[direction][phase]
    const fix =
      wouldSuffice === null ? 'write a wider bound' : `write phases of ${time(wouldSuffice * 1000)}, a higher rate, or a wider bound`
    // A bound nobody wrote stands nowhere: then the phases are what can be changed.
    const at: Path = isDefault(bound) ? ['phases', phase] : ['measures', measure, direction, phase]
    warn(collect, at, 'precision-too-low', `with the noise of a usual service, ${sentence}`, fix)
  }
}

/** Total length of overlapping stretches. */
function union(stretches: readonly (readonly [number, number])[]): number {
  let total = 0
  let end = 0
  for (const [from, to] of stretches.toSorted((a, b) => a[0] - b[0])) {
    total += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return total
}

function warn(collect: Collector, path: Path, code: Parameters<Collector['add']>[1], message: string, fix: string): void {
  collect.add(path, code, message, { fix, severity: 'warning' })
}

function time(ms: number): string {
  return formatQuantity(Math.round(ms), 'ms')
}
