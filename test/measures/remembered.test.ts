import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as z from 'zod/mini'
import type { PolledMeasure } from '../../src/measures/check-sources.ts'
import { type PollOptions, pollSources, type SourcePoll } from '../../src/measures/poll.ts'
import type { Check, Source, Window } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'

/** A back end whose clock is `skew` ms ahead of ours, with one reading each 200 ms that becomes known `late` ms afterwards. */
function remembering({ skew = 0, late = 0, lag = 0, step = 1000 } = {}) {
  const asked: Window[] = []
  const source: Source<unknown> = {
    type: 'remembering',
    config: z.unknown(),
    lag,
    needs: () => [],
    check: async () => ({ step, skew, problems: [] }),
    async range(_config, _query, window) {
      asked.push(window)
      const now = Date.now() + skew
      const samples: Sample[] = []
      for (let at = Math.ceil(window.from / 200) * 200; at < window.to; at += 200)
        samples.push(at + late <= now ? { at, value: at } : { at, missing: 'not there yet' })
      return samples
    },
  }
  return { source, asked }
}

interface Told {
  live: Sample[]
  complete: Sample[]
  notes: string[]
}

/** Polls one measure until `enough` samples were told live, then lets `then` go on. */
async function follow(
  source: Source<unknown>,
  enough: number,
  then: (poll: SourcePoll, at: () => number) => Promise<void> = async () => {},
  more: Partial<PolledMeasure> = {},
): Promise<Told> {
  const started = performance.now()
  const at = (): number => performance.now() - started
  const told: Told = { live: [], complete: [], notes: [] }
  const full = Promise.withResolvers<void>()
  const options: PollOptions = {
    measures: [{ name: 'm', query: 'q', source, config: {}, ...more }],
    folder: '/',
    at,
    log: (line) => told.notes.push(line),
    onSample(_, sample) {
      told.live.push(sample)
      if (told.live.length >= enough) full.resolve()
    },
    onComplete: (_, _until, samples) => void (told.complete = samples),
  }
  const poll = await pollSources(options)
  await full.promise
  await then(poll, at)
  await poll.stop()
  return told
}

const times = (samples: readonly Sample[]): number[] => samples.map(({ at }) => at)
const isSpaced = (samples: readonly Sample[]): boolean =>
  times(samples).every((at, i) => i === 0 || Math.abs(at - (samples[i - 1] as Sample).at - 200) < 1)

describe('a source whose back end remembers', { concurrency: 8 }, () => {
  it('gives each reading once, in order, on the run’s own clock although the back end’s is 20 s ahead', async () => {
    const { source } = remembering({ skew: 20_000 })
    const { live, notes } = await follow(source, 10)
    assert.ok(isSpaced(live), times(live).join(' '))
    assert.ok(live.every(({ at }) => at >= 0 && at < 4000))
    assert.match(notes.join(), /20\.0 s ahead of ours; its times are corrected/)
  })

  it('takes what is not there yet for missing only when the lag has passed', async () => {
    const { source } = remembering({ late: 600, lag: 10_000 })
    const { live } = await follow(source, 5)
    assert.ok(live.every((sample) => 'value' in sample) && isSpaced(live))
    const late = remembering({ late: 100_000, lag: 500 })
    const { live: gone } = await follow(late.source, 3)
    assert.ok(gone.every((sample) => 'missing' in sample) && isSpaced(gone))
  })

  it('reads everything again when it is complete, late readings too, and tells none of it twice', async () => {
    const { source, asked } = remembering({ late: 700, lag: 1000 })
    let until = 0
    const { live, complete } = await follow(source, 2, async (poll, at) => {
      until = at()
      await poll.complete(until)
    })
    assert.ok(complete.every((sample) => 'value' in sample))
    assert.ok(complete.length >= Math.floor(until / 200) && isSpaced(complete))
    assert.equal(new Set(times(live).map(Math.round)).size, live.length)
    assert.ok(asked.some((window) => Math.abs(window.to - window.from - until) < 1))
  })

  it('is missing while it cannot be read, and whole again afterwards: nothing was lost', async () => {
    const { source } = remembering()
    let down = true
    const flaky = {
      ...source,
      range: (...call: Parameters<NonNullable<typeof source.range>>) =>
        down ? Promise.reject(new Error('503 from the back end')) : (source.range?.(...call) ?? []),
    } as Source<unknown>
    const { live, complete } = await follow(flaky, 2, async (poll, at) => {
      down = false
      await poll.complete(at())
    })
    assert.deepEqual(
      live.slice(0, 2).map((sample) => 'missing' in sample && sample.missing),
      ['503 from the back end', '503 from the back end'],
    )
    assert.ok(complete.length > 3 && complete.every((sample) => 'value' in sample))
  })

  it('keeps what was read live, and says so, when it cannot be read again', async () => {
    const { source } = remembering()
    let down = false
    const broken = {
      ...source,
      range: (...call: Parameters<NonNullable<typeof source.range>>) =>
        down ? Promise.reject(new Error('gone')) : (source.range?.(...call) ?? []),
    } as Source<unknown>
    const { complete, notes } = await follow(broken, 4, async (poll, at) => {
      down = true
      await poll.complete(at())
    })
    assert.deepEqual(complete, [])
    assert.deepEqual(notes, ['m could not be read again, what was read live is kept: gone'])
  })

  it('gives values and bucket edges in the measure’s unit', async () => {
    const inSeconds = { ...remembering().source, check: async () => ({ step: 1000, unit: 'ms' as const, factor: 1000, problems: [] }) }
    const values = { ...inSeconds, range: async (_c: unknown, _q: string, { from }: Window) => [{ at: from + 1, value: 0.25 }] }
    const { live } = await follow(values, 1, undefined, { unit: 'ms' })
    assert.ok('value' in live[0]! && live[0].value === 250)
    const buckets = {
      ...inSeconds,
      range: async (_c: unknown, _q: string, { from }: Window): Promise<Sample[]> => [
        {
          at: from + 1,
          buckets: [
            [0.5, 1],
            [Infinity, 2],
          ],
        },
      ],
    }
    const { live: edges } = await follow(buckets, 1, undefined, { unit: 'ms' })
    assert.ok('buckets' in edges[0]!)
    assert.deepEqual(edges[0].buckets, [
      [500, 1],
      [Infinity, 2],
    ])
  })
})

describe('the check of sources', () => {
  const found = (check: Partial<Check>, more: Partial<PolledMeasure> = {}): Promise<Told> => {
    const source = { ...remembering().source, check: async () => ({ step: 1000, problems: [], ...check }) }
    return follow(source, 1, undefined, more)
  }

  it('refuses another unit, a unit said twice, and a clock that is far off, all at once', async () => {
    const problems = (why: RegExp) => ({ code: 'source-not-readable', message: why })
    await assert.rejects(
      found({ unit: 'ms', skew: 31_000 }, { unit: 'count' }),
      problems(/gives ms, the measure is in count: write unit: ms\n.*31\.0 s ahead/),
    )
    await assert.rejects(found({ unit: 'ms' }, { unit: 'ms', factor: 1000 }), problems(/one of them is 1 ms; leave unit out/))
    await assert.rejects(found({ skew: -40_000 }), problems(/40\.0 s behind ours/))
  })

  it('agrees when document and source say the same, and passes notes on', async () => {
    const { notes } = await found({ unit: 'ms', factor: 1000, notes: ['scraped every 1 s'] }, { unit: 'ms', factor: 1000 })
    assert.deepEqual(notes, ['m: scraped every 1 s'])
  })
})
