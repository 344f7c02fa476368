/** Five made-up systems: how their request times wander when nothing is wrong. */
import type { TrafficSecond } from '../../src/records/run-data.ts'
import type { Chance } from './random.ts'

interface World {
  /** Correlation time in seconds and size of the slow noise of the level (logarithm). */
  noise?: { time: number; size: number }
  /** Amplitudes of a daily and an hourly swing of the level (logarithm), at a random time of day. */
  swing?: { day: number; hour: number }
  bursts?: Bursts
}

/** Mean seconds between them, mean length, factor on the request time. */
interface Bursts {
  every: number
  length: number
  factor: number
}

const wander = { time: 10, size: 0.1 }
const swing = { day: 0.3, hour: 0.05 }
const bursts = { every: 60, length: 1.5, factor: 5 }

export const worlds: Record<string, World> = {
  iid: {},
  ar1: { noise: wander, swing },
  ar1slow: { noise: { time: 30, size: 0.15 }, swing },
  spikes: { bursts },
  all: { noise: wander, swing, bursts },
}

/** Lognormal request times: median 50 ms, p99 160 ms. */
const medianMs = 50
const sigma = 0.5

export interface Story {
  rate: number
  /** Seconds of baseline and of recovery. */
  window: number
  /** Seconds between them. */
  gap: number
  /** What remains wrong after the fault: request times this much longer (1 is +100 %), and this much more errors. */
  slower: number
  moreErrors: number
  /** Share of errors while all is well. */
  errors: number
  /** Bursts that come with the recovery phase. */
  newBursts?: Bursts
  /** The baseline's second half is this much slower; or it becomes this much slower bit by bit. */
  baselineStep?: number
  baselineRamp?: number
}

export function tell(world: World, story: Story, luck: Chance): TrafficSecond[] {
  const { rate, window, gap } = story
  const keep = world.noise ? Math.exp(-1 / world.noise.time) : 0
  const kick = world.noise ? world.noise.size * Math.sqrt(1 - keep * keep) : 0
  let level = world.noise ? world.noise.size * luck.normal() : 0
  const day = luck.uniform() * 2 * Math.PI
  const hour = luck.uniform() * 2 * Math.PI
  let burst = world.bursts ? luck.wait(world.bursts.every) : Number.POSITIVE_INFINITY
  let calm = 0
  let newBurst = story.newBursts ? window + gap + luck.wait(story.newBursts.every) : Number.POSITIVE_INFINITY
  let newCalm = 0
  return Array.from({ length: 2 * window + gap }, (_, t) => {
    if (world.noise) level = keep * level + kick * luck.normal()
    const tide = world.swing
      ? world.swing.day * Math.sin(day + (2 * Math.PI * t) / 86_400) + world.swing.hour * Math.sin(hour + (2 * Math.PI * t) / 3600)
      : 0
    const harmed = t >= window + gap
    const typical = medianMs * Math.exp(level + tide) * (harmed ? 1 + story.slower : 1) * moved(story, t)
    const share = story.errors + (harmed ? story.moreErrors : 0)
    const latencies: number[] = []
    let error = 0
    for (let i = 0; i < rate; i++) {
      const now = t + i / rate
      if (world.bursts && now >= burst) {
        calm = now + luck.wait(world.bursts.length)
        burst = calm + luck.wait(world.bursts.every)
      }
      if (story.newBursts && now >= newBurst) {
        newCalm = now + luck.wait(story.newBursts.length)
        newBurst = newCalm + luck.wait(story.newBursts.every)
      }
      const burstFactor =
        (world.bursts && now < calm ? world.bursts.factor : 1) * (story.newBursts && now < newCalm ? story.newBursts.factor : 1)
      latencies.push(typical * Math.exp(sigma * luck.normal()) * burstFactor)
      if (luck.uniform() < share) error++
    }
    return { t, planned: rate, ok: rate - error, error, timeout: 0, notSent: 0, latencies, lagP99: 0.5, suspect: false, reasons: {} }
  })
}

/** What the baseline itself does; what it has become stays. */
function moved({ window, baselineStep = 0, baselineRamp = 0 }: Story, t: number): number {
  return (t >= window / 2 ? 1 + baselineStep : 1) * (1 + baselineRamp) ** Math.min(1, t / window)
}
