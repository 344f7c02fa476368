/** The charts of the page as plain data: lines, shaded stretches, limits. Drawn by `page/charts.js`, shown as tables beside. */
import type { Measure, Unit } from '../document/experiment.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { quantity } from '../verdict/numbers.ts'
import type { CellVerdict, Verdict } from '../verdict/verdict.ts'
import { judgedPhases, observedCell } from './observed.ts'
import { sourceLine, type TrafficSeries, trafficSeries } from './series.ts'
import { phaseWords } from './words.ts'

/** Times in s since the run's start; values as they are shown: shares in per cent. */
export interface Chart {
  title: string
  /** What the numbers are, with what they leave out. */
  caption: string
  /** The whole chart in one sentence for people who cannot see it. */
  spoken: string
  suffix: string
  x: number[]
  lines: { label: string; values: (number | null)[] }[]
  bands: { kind: string; label: string; from: number; to: number }[]
  faults: { label: string; from: number; to: number }[]
  limits: { label: string; from: number; to: number; value: number }[]
  /** Values that differ so much that only a logarithmic axis shows them all. */
  log: boolean
}

const suffixes: Record<Unit, string> = { ms: ' ms', share: ' %', '/s': '/s', bytes: ' B', 'bit/s': ' bit/s', count: '' }

export function chartsOf(run: StoredRun<Verdict>): Chart[] {
  const measures = run.experiment.measures
  const traffic = trafficSeries(run.traffic)
  const fromTraffic = (kind: Measure['is']['kind']): Measure[] =>
    measures.filter((measure) => measure.from === 'traffic' && measure.is.kind === kind)
  const charts = run.traffic.length > 0 ? trafficCharts(run, traffic, fromTraffic) : []
  for (const measure of measures) {
    if (measure.from === 'traffic' || measure.is.kind === 'recovery-time') continue
    const line = sourceLine(run, measure)
    const gaps = [...line.missing].map(([why, count]) => `${count} × ${why}`).join('; ')
    const caption = `From source ${measure.from}.${gaps === '' ? '' : ` Missing: ${gaps}.`}`
    charts.push(chart(run, [measure], measure.name, caption, measure.unit, line.x, [{ label: measure.name, values: line.values }]))
  }
  return charts
}

function trafficCharts(run: StoredRun<Verdict>, series: TrafficSeries, measuresOf: (kind: Measure['is']['kind']) => Measure[]): Chart[] {
  const { x, p50, p95, p99, errors, goodput, step } = series
  const each = step === 1 ? 'Each second' : `Every ${step} s`
  const timeout = run.experiment.traffic?.timeout
  const late = timeout === undefined ? '' : ` A request that timed out counts as ${quantity(timeout, 'ms')}, which is a lower bound.`
  const latencies = [
    { label: 'p99', values: p99 },
    { label: 'p95', values: p95 },
    { label: 'p50', values: p50 },
  ]
  return [
    chart(run, measuresOf('latency'), 'Latency', `${each}, from the moment a request was meant to start.${late}`, 'ms', x, latencies),
    chart(run, measuresOf('share'), 'Errors', `${each}: requests that failed or timed out, of all that ended.`, 'share', x, [
      { label: 'errors', values: errors },
    ]),
    chart(run, measuresOf('level'), 'Throughput', `${each}: good answers per second.`, '/s', x, [
      { label: 'good answers', values: goodput },
    ]),
  ]
}

function chart(
  run: StoredRun<Verdict>,
  measures: Measure[],
  title: string,
  caption: string,
  unit: Unit,
  x: number[],
  lines: Chart['lines'],
): Chart {
  const scale = unit === 'share' ? 100 : 1
  const scaled = lines.map(({ label, values }) => ({
    label,
    values: values.map((value) => (value === null ? null : rounded(value * scale))),
  }))
  const end = Math.max(x.at(-1) ?? 0, ...run.phases.map((phase) => phase.to / 1000))
  const values = scaled.flatMap((line) => line.values.filter((value) => value !== null && value > 0)) as number[]
  const sorted = values.sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor(sorted.length / 4)] ?? 1, sorted.at(-1) ?? 1]
  return {
    title,
    caption,
    spoken: spokenWords(run, measures, title),
    suffix: suffixes[unit],
    x: x.map((at) => Math.round(at * 1000) / 1000),
    lines: scaled,
    bands: run.phases.map(({ phase, from, to }) => ({ kind: phase, label: phaseWords[phase], from: from / 1000, to: to / 1000 })),
    faults: run.changes.flatMap((change) =>
      [...(change.earlier ?? []), change].flatMap((time) => {
        const from = time.activeAt ?? time.injectedAt
        const to = time.inactiveAt ?? time.undoAt
        return from === undefined ? [] : [{ label: change.fault, from: from / 1000, to: to === undefined ? end : to / 1000 }]
      }),
    ),
    limits: limitsOf(run, measures, scale),
    log: unit === 'ms' && high > 20 * low,
  }
}

function limitsOf(run: StoredRun<Verdict>, measures: Measure[], scale: number): Chart['limits'] {
  const names = new Set(measures.map((measure) => measure.name))
  return (run.verdict?.cells ?? []).flatMap((cell: CellVerdict) => {
    const { limit, written } = cell.allowed
    const window = run.phases.find((phase) => phase.phase === cell.phase)
    if (!names.has(cell.measure) || limit === null || !window || cell.decision === 'not judged') return []
    const from = (window.from + (cell.after ?? 0)) / 1000
    const words = measures.length > 1 ? `${cell.measure.replace(/^latency_/, '')} ` : ''
    return [{ label: `${words}${cell.direction} ${written}`, from, to: window.to / 1000, value: limit * scale }]
  })
}

function spokenWords(run: StoredRun<Verdict>, measures: Measure[], title: string): string {
  const { verdict } = run
  if (!verdict) return title
  const parts = measures.map((measure) => {
    const cells = judgedPhases.flatMap((phase) => {
      const cell = observedCell(verdict, measure, phase)
      return cell ? [`${phase} ${cell.text}`] : []
    })
    return `${measure.name}: ${cells.join(', ')}`
  })
  return `${title} over time. ${parts.join('. ')}`
}

function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
