/** One frame of the live view: phase and time left, a line a measure, the faults, what to press. Pure. */
import { styleText } from 'node:util'
import type { Experiment, Phase } from '../document/experiment.ts'
import type { ChangeRecord } from '../records/run-data.ts'
import { oneLine } from '../report/plain-text.ts'
import { phaseWords } from '../report/words.ts'
import type { TerminalSize } from './live-screen.ts'
import type { LiveBound, LiveMeasure } from './live-series.ts'
import { changeWords, dosesOf, stamp } from './run-lines.ts'
import { cutTo, fitTo, textColumns } from './text-width.ts'

export interface LiveState {
  experiment: Experiment
  phase: { phase: Phase; at: number; planned: number }
  measures: readonly LiveMeasure[]
  changes: readonly Readonly<ChangeRecord>[]
  /** Requests that wait for an answer. */
  waiting: number
  /** The run is being stopped. */
  stopping: boolean
  /** ms since the run's start. */
  at: number
}

const blocks = '▁▂▃▄▅▆▇█'
/** Columns before each line of a measure or a fault. */
const margin = 2
const narrow = 60
const shortestBar = 4
/** Points of a sparkline at most: what a wide terminal has room for. */
export const mostPoints = 60

/** At most as many lines, and as wide, as the terminal takes without scrolling or folding. */
export function frameOf(state: LiveState, { columns, rows }: TerminalSize): string[] {
  const width = Math.max(20, columns - 1)
  const room = Math.max(3, rows - 1)
  const hint = styleText('dim', cutTo(`  ${hintWords(state, width)}`, width))
  const faults = faultLines(state, width)
  const shownFaults = some(faults, Math.max(1, room - 3), 'faults', width)
  const measures = [...measureLines(state.measures, width), ...waitingLines(state, width)]
  const shown = some(measures, Math.max(0, room - 2 - shownFaults.length), 'measures', width)
  return [phaseLine(state, width), ...shown, ...shownFaults, hint].slice(0, room)
}

/** The first ones, and how many are not shown. */
function some(lines: readonly string[], most: number, what: string, width: number): string[] {
  if (lines.length <= most) return [...lines]
  if (most === 0) return []
  return [...lines.slice(0, most - 1), cutTo(`  … ${lines.length - most + 1} more ${what}`, width)]
}

function phaseLine(state: LiveState, width: number): string {
  const { phase, at, experiment } = state
  const head = `${stamp(at)}  ${fitTo(phaseWords[phase.phase], 8)} `
  if (phase.planned <= 0) return styleText('bold', cutTo(`${head}until the fault is seen to be gone`, width))
  const left = Math.max(0, phase.planned - (at - phase.at))
  const words = state.stopping ? 'stopping' : left > 0 ? `${minutes(left)} left` : 'waiting for the last answers'
  const taken = textColumns(head) + words.length
  const after = state.stopping ? '' : nextWords(experiment, phase.phase)
  const next = taken + after.length + shortestBar < width ? after : ''
  const bar = Math.min(30, width - taken - next.length - 1)
  if (bar < shortestBar) return styleText('bold', cutTo(head + words, width))
  const full = Math.round(Math.min(1, (at - phase.at) / phase.planned) * bar)
  return `${styleText('bold', head)}${'━'.repeat(full)}${styleText('dim', '┄'.repeat(bar - full))} ${words}${styleText('dim', next)}`
}

/** `, then fault 2:00, recovery 1:00`. */
function nextWords({ phases }: Experiment, phase: Phase): string {
  const order = ['warmup', 'baseline', 'fault', 'recovery'] as const
  const coming = order.slice(order.findIndex((each) => each === phase) + 1)
  return phase === 'rollback' || coming.length === 0
    ? ''
    : `, then ${coming.map((each) => `${phaseWords[each]} ${minutes(phases[each])}`).join(', ')}`
}

function minutes(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Name, course, value, bound: the course gets what the others leave. */
function measureLines(measures: readonly LiveMeasure[], width: number): string[] {
  const most = (texts: readonly string[], limit: number): number => Math.min(limit, Math.max(0, ...texts.map(textColumns)))
  const nowWidth = most(
    measures.map(({ now }) => now),
    12,
  )
  const nameWidth = most(
    measures.map(({ name }) => name),
    Math.min(width < narrow ? 12 : 24, Math.max(1, width - margin - nowWidth - 4)),
  )
  const boundWidth = most(
    measures.map(({ bounds }) => boundWords(bounds)),
    Math.max(0, width - margin - nameWidth - nowWidth - 3 - (width < narrow ? 5 : 8)),
  )
  const course = Math.max(0, Math.min(mostPoints, width - margin - nameWidth - nowWidth - boundWidth - 4))
  return measures.map(({ name, points, now, bounds }) =>
    [
      ' '.repeat(margin) + fitTo(oneLine(name), nameWidth),
      sparkline(points.slice(points.length - Math.min(points.length, course)), bounds, course),
      cutTo(now, nowWidth).padStart(nowWidth),
      styleText(toneOf(bounds), cutTo(boundWords(bounds), boundWidth)),
    ]
      .join(' ')
      .trimEnd(),
  )
}

/** More than a second's worth of requests: something hangs, long before the first of them times out. */
function waitingLines({ waiting, experiment }: LiveState, width: number): string[] {
  const isUsual = waiting <= Math.max(1, experiment.traffic?.rate ?? 0)
  return isUsual ? [] : [styleText('yellow', cutTo(`${' '.repeat(margin)}${waiting} requests wait for an answer`, width))]
}

function boundWords(bounds: readonly LiveBound[]): string {
  const mark = (isWithin: boolean | null): string => (isWithin === null ? '·' : isWithin ? '✓' : '✗')
  return bounds.map(({ text, isWithin }) => `${mark(isWithin)} ${oneLine(text)}`).join('  ')
}

function toneOf(bounds: readonly LiveBound[]): 'red' | 'green' | 'dim' {
  if (bounds.some(({ isWithin }) => isWithin === false)) return 'red'
  return bounds.some(({ isWithin }) => isWithin) ? 'green' : 'dim'
}

/** The scale begins at 0 and ends at the highest value, or at a bound that is not far above it; what is beyond the bound is red, what is unknown a dot. */
function sparkline(points: readonly (number | null)[], bounds: readonly LiveBound[], width: number): string {
  const highest = Math.max(0, ...points.map((value) => value ?? 0))
  const near = bounds.flatMap(({ limit }) => (limit !== null && limit <= 2.5 * highest ? [limit] : []))
  const top = Math.max(highest, ...near) || 1
  const isBeyond = (value: number | null): boolean =>
    value !== null && bounds.some(({ limit, direction }) => limit !== null && (direction === 'max' ? value > limit : value < limit))
  const cells = points.map((value) => ({
    text: value === null ? '·' : (blocks[Math.min(7, Math.floor((8 * Math.max(0, value)) / (top * 1.0001)))] ?? '▁'),
    isBeyond: isBeyond(value),
  }))
  const groups: { text: string; isBeyond: boolean }[] = []
  for (const cell of cells) {
    const group = groups.at(-1)
    if (group?.isBeyond === cell.isBeyond) group.text += cell.text
    else groups.push({ ...cell })
  }
  const drawn = groups.map((group) => (group.isBeyond ? styleText('red', group.text) : group.text)).join('')
  return drawn + ' '.repeat(width - cells.length)
}

function faultLines({ changes, experiment, at }: LiveState, width: number): string[] {
  return changes.map((change) => {
    const { fault, target, state } = change
    const where = width < narrow ? '' : ` at ${target}`
    const line = cutTo(`${' '.repeat(margin)}${oneLine(`${fault}${where}: ${stateWords(change, experiment, at, width)}`)}`, width)
    if (state === 'active') return styleText('red', line)
    return state === 'planned' ? styleText('dim', line) : line
  })
}

/** Of an active fault: for how long, at how many targets, how strong (achieved beside asked), and at last the evidence. */
function stateWords(change: Readonly<ChangeRecord>, { faults }: Experiment, at: number, width: number): string {
  const { state, activeAt, fault, looks, lost } = change
  if (state !== 'active' || lost) return width < narrow ? state : (changeWords(change) ?? state)
  const look = looks.at(-1)
  const asked = faults.find(({ name }) => name === fault)?.spec ?? {}
  const moving = dosesOf(change)
  const steady = Object.entries(look?.dose ?? {}).map(([name, value]) => {
    const wanted = asked[name]
    return `${name} ${Number(value.toPrecision(3))}${typeof wanted === 'number' ? ` of ${Number(wanted.toPrecision(3))} asked` : ''}`
  })
  const doses = moving ? [moving] : steady
  const hit = look?.hit && look.hit[1] > 1 ? [`${look.hit[0]} of ${look.hit[1]} targets`] : []
  return `${[`active for ${minutes(at - (activeAt ?? at))}`, ...hit, ...doses].join(', ')}${look ? ` (${look.seen})` : ''}`
}

function hintWords({ stopping }: LiveState, width: number): string {
  if (stopping)
    return width < narrow
      ? 'stopping · Ctrl-C: leave it to the guardian'
      : 'stopping · Ctrl-C again gives the terminal back: the guardian goes on rolling back alone'
  return width < narrow
    ? 'Ctrl-C: stop and roll back'
    : 'Ctrl-C stops the run: everything is rolled back, looked at twice, and judged as far as it came'
}
