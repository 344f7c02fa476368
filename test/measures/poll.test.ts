import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as z from 'zod/mini'
import { pollSources } from '../../src/measures/poll.ts'
import type { Reading, Source, SourceContext } from '../../src/measures/source.ts'
import type { Sample } from '../../src/records/run-data.ts'

function sourceOf(now: (query: string, context: SourceContext) => Promise<Reading>, problems: string[] = []): Source<unknown> {
  return {
    type: 'test',
    config: z.unknown(),
    needs: () => [],
    check: async () => ({ step: 1000, problems }),
    now: (_, query, context) => now(query, context),
  }
}

/** Polls until `enough` holds of the samples so far. */
async function poll(
  sources: Record<string, Source<unknown>>,
  enough: (samples: Record<string, Sample[]>) => boolean,
): Promise<Record<string, Sample[]>> {
  const start = performance.now()
  const samples: Record<string, Sample[]> = {}
  const full = Promise.withResolvers<void>()
  const running = await pollSources({
    measures: Object.entries(sources).map(([name, source]) => ({ name, query: name, source, config: {} })),
    folder: '/',
    at: () => performance.now() - start,
    onSample(measure, sample) {
      ;(samples[measure] ??= []).push(sample)
      if (enough(samples)) full.resolve()
    },
  })
  await full.promise
  await running.stop()
  return samples
}

describe('polling sources', { concurrency: 4 }, () => {
  it('gives one sample a second, stamped with the run’s clock, in the same round for all', async () => {
    const ticks: unknown[] = []
    const source = sourceOf(async (_, { tick }) => {
      ticks.push(tick)
      return { value: 5 }
    })
    const { a, b } = await poll({ a: source, b: source }, ({ b }) => (b?.length ?? 0) >= 3)
    assert.deepEqual(
      a!.map((sample) => Math.round(sample.at / 1000)),
      [0, 1, 2],
    )
    assert.equal(b!.length, 3)
    assert.equal(new Set(ticks).size, 3)
  })

  it('never asks twice at once: a slow answer is missing for its second and thrown away', async () => {
    let [open, most, asked] = [0, 0, 0]
    const source = sourceOf(async () => {
      asked++
      most = Math.max(most, ++open)
      if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 1500))
      open--
      return { value: asked }
    })
    const { slow } = await poll({ slow: source }, ({ slow }) => (slow ?? []).some((sample) => 'value' in sample))
    assert.equal(most, 1)
    assert.deepEqual(
      slow!.map((sample) => [Math.round(sample.at / 1000), 'missing' in sample ? sample.missing : sample]),
      [
        [0, 'no answer within its second'],
        [1, 'the source has not answered the last question yet'],
        [2, slow![2]],
      ],
    )
    assert.ok('value' in slow![2]! && slow![2].value === 2, 'the late answer of the first second is not used')
  })

  it('takes a source that throws as missing, and goes on with the others', async () => {
    const samples = await poll(
      { bad: sourceOf(() => Promise.reject(new Error('broke'))), good: sourceOf(async () => ({ value: 1 })) },
      ({ good }) => (good?.length ?? 0) >= 2,
    )
    assert.ok(samples.bad!.every((sample) => 'missing' in sample && sample.missing === 'broke'))
    assert.ok(samples.good!.every((sample) => 'value' in sample && sample.value === 1))
  })

  it('masks a secret in whatever a source says: missing, thrown, a problem, a log line', async (t) => {
    process.env.POLL_KEY = 'a-key-nobody-may-see'
    t.after(() => delete process.env.POLL_KEY)
    const log: string[] = []
    const quoting = async (context: SourceContext): Promise<string> => `http://h/?key=${await context.secret('POLL_KEY')} said no`
    const samples: Record<string, Sample> = {}
    const source = sourceOf(async (query, context) => {
      const text = await quoting(context)
      context.log(text)
      if (query === 'thrown') throw new Error(text)
      return { missing: text }
    })
    const both = Promise.withResolvers<void>()
    const running = await pollSources({
      folder: '/',
      measures: ['told', 'thrown'].map((name) => ({ name, query: name, source, config: {} })),
      at: () => 0,
      log: (line) => void log.push(line),
      onSample(measure, sample) {
        samples[measure] = sample
        if (Object.keys(samples).length === 2) both.resolve()
      },
    })
    await both.promise
    await running.stop()
    const expected = 'http://h/?key=••• said no'
    assert.deepEqual(samples, { told: { at: 0, missing: expected }, thrown: { at: 0, missing: expected } })
    assert.ok(log.length >= 2 && log.every((line) => line === expected))
    const problematic = {
      ...source,
      check: async (_: unknown, __: string, context: SourceContext) => ({ step: 1000, problems: [await quoting(context)] }),
    }
    await assert.rejects(
      poll({ a: problematic }, () => true),
      { code: 'source-not-readable', message: `a: ${expected}` },
    )
  })

  it('names every problem of every source before it asks for the first time', async () => {
    const failing = sourceOf(() => assert.fail('was asked'), ['no such field', 'no such host'])
    const broken = { ...failing, check: () => Promise.reject(new Error('broke')) }
    await assert.rejects(
      poll({ a: failing, b: broken }, () => true),
      { code: 'source-not-readable', message: 'a: no such field\na: no such host\nb: broke' },
    )
  })
})
