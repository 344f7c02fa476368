/** A run on a terminal: a few lines that are drawn anew twice a second. Frames are dropped when nobody reads; the guard never waits. */
import { styleText } from 'node:util'
import type { Experiment, Phase } from '../document/experiment.ts'
import type { ChangeRecord, TrafficSecond } from '../records/run-data.ts'
import type { RunNews } from '../run/events.ts'
import type { NonBlockingWriter } from '../system/terminal.ts'
import { changeWords, measureWords, ms, phaseWord, quantile, runLines, stamp } from './run-lines.ts'

export interface LiveView {
  tell(news: RunNews): void
  /** Leaves the terminal as lines; call before printing anything else. */
  end(): void
}

const blocks = '▁▂▃▄▅▆▇█'

export function liveView(out: NonBlockingWriter, at: () => number, columns: () => number): LiveView {
  const lines = runLines()
  const seconds: TrafficSecond[] = []
  const changes = new Map<string, Readonly<ChangeRecord>>()
  let experiment: Experiment | null = null
  let phase: { phase: Phase; at: number; planned: number } | null = null
  let drawn = 0
  const erase = (): string => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : '')
  const draw = (): void => {
    if (!experiment || !phase) return
    const frame = frameOf(experiment, phase, seconds, [...changes.values()], at()).map((line) => line.slice(0, Math.max(20, columns() - 1)))
    const text = `${erase()}${frame.join('\n')}\n`
    drawn = frame.length
    out.frame(text)
  }
  const timer = setInterval(draw, 500)
  return {
    tell(news) {
      if (news.is === 'started') experiment = news.experiment
      if (news.is === 'phase') phase = news
      if (news.is === 'change') changes.set(`${news.change.fault} ${news.change.target}`, news.change)
      if (news.is === 'second') return void seconds.push(news.second)
      // What matters later stays on the screen above the moving part.
      const kept = lines.of(news)
      if (kept.length === 0) return
      out.line(`${erase()}${kept.join('\n')}`)
      drawn = 0
      draw()
    },
    end() {
      clearInterval(timer)
      if (drawn > 0) out.line(erase().trimEnd())
      drawn = 0
    },
  }
}

function frameOf(
  experiment: Experiment,
  phase: { phase: Phase; at: number; planned: number },
  seconds: readonly TrafficSecond[],
  changes: readonly Readonly<ChangeRecord>[],
  now: number,
): string[] {
  const recent = seconds.slice(-5).filter((second) => second.t * 1000 >= phase.at)
  const spark = seconds.slice(-60).map((second) =>
    quantile(
      second.latencies.toSorted((a, b) => a - b),
      0.99,
    ),
  )
  const highest = Math.max(1, ...spark.flatMap((value) => value ?? []))
  const line = spark.map((value) => (value === null ? ' ' : blocks[Math.min(7, Math.floor((8 * value) / (highest * 1.0001)))])).join('')
  const active = changes.filter((change) => change.state !== 'planned')
  return [
    `${stamp(now)}  ${styleText('bold', phaseWord(phase.phase).padEnd(9))} ${bar(phase, now)}`,
    `        ${recent.length > 0 ? measureWords(experiment, phase.phase, recent) : 'measuring …'}`,
    `        p99 ${spark.some((value) => value !== null) ? `${line} up to ${ms(highest)}` : 'not known yet'}`,
    ...active.map((change) => `        ${change.fault} at ${change.target}: ${changeWords(change) ?? change.state}`),
    styleText('dim', '        Ctrl-C stops the run and rolls back'),
  ]
}

function bar(phase: { at: number; planned: number }, now: number): string {
  if (phase.planned <= 0) return ''
  const share = Math.min(1, (now - phase.at) / phase.planned)
  const full = Math.round(share * 24)
  return `${'━'.repeat(full)}${'┄'.repeat(24 - full)} ${(Math.min(phase.planned, Math.max(0, now - phase.at)) / 1000) | 0}/${phase.planned / 1000} s`
}
