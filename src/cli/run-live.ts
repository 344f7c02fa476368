/** A run on a terminal: what happened stays as lines, what goes on moves below them, drawn anew twice a second. The guard never waits for it. */
import type { ChangeRecord } from '../records/run-data.ts'
import type { RunNews } from '../run/events.ts'
import type { NonBlockingWriter } from '../system/terminal.ts'
import { frameOf, type LiveState, mostPoints } from './live-frame.ts'
import { liveScreen, type TerminalSize } from './live-screen.ts'
import { type LiveSeries, liveSeries } from './live-series.ts'
import { runLines } from './run-lines.ts'

export interface LiveView {
  tell(news: RunNews): void
  /** Leaves the terminal as lines; call before printing anything else. */
  end(): void
}

/** ms between two frames. */
const pace = 500

/** `at`: ms since the run's start. */
export function liveView(out: NonBlockingWriter, at: () => number, size: () => TerminalSize): LiveView {
  const lines = runLines()
  const screen = liveScreen(out, size)
  const changes = new Map<string, Readonly<ChangeRecord>>()
  let series: LiveSeries | null = null
  let state: Pick<LiveState, 'experiment' | 'stopping'> | null = null
  let phase: LiveState['phase'] | null = null

  const frame = (): string[] => {
    if (!state || !series || !phase) return []
    const now = at()
    const measures = series.measures(now, mostPoints)
    return frameOf({ ...state, phase, changes: [...changes.values()], measures, waiting: series.waiting(), at: now }, size())
  }
  const timer = setInterval(() => screen.draw(frame()), pace)
  return {
    tell(news) {
      if (news.is === 'started') {
        state = { experiment: news.experiment, stopping: false }
        series = liveSeries(news.experiment)
      }
      if (news.is === 'phase') phase = news
      if (news.is === 'change') changes.set(`${news.change.fault} ${news.change.target}`, news.change)
      // After a guard's abort the run goes on to see whether the system comes back.
      if (state && (news.is === 'abort' || news.is === 'phase')) state = { ...state, stopping: news.is === 'abort' }
      series?.see(news)
      // The moving part shows the measures; what matters later stays on the screen above it.
      const kept = news.is === 'second' ? [] : lines.of(news)
      if (kept.length > 0) screen.above(kept, frame())
    },
    end() {
      clearInterval(timer)
      screen.clear()
    },
  }
}
