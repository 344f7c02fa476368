/**
 * How often is the judge wrong? Healthy and harmed runs of five made-up systems, judged under the default measures; beside it what was promised, and the
 * plain rule. `--runs N` runs for each system and row (2000), `--quick` few runs: misses a target only when chance cannot explain it, `--seed N` first seed.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { cells } from './plan.ts'
import type { Counts, Tally } from './simulate.ts'
import { type Found, tables } from './tables.ts'
import type { Job } from './worker.ts'
import { worlds } from './worlds.ts'

const { values: options } = parseArgs({
  options: { runs: { type: 'string' }, quick: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' } },
})
const runs = Number(options.runs ?? (options.quick ? 30 : 2000))
const firstSeed = Number(options.seed)
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(firstSeed)) throw new Error('--runs and --seed take whole numbers')

const chunk = Math.max(1, Math.min(100, Math.ceil(runs / 4)))
const jobs: Job[] = []
for (const [cell] of cells.entries()) {
  for (const [w, world] of Object.keys(worlds).entries()) {
    // Each row and system has seeds of its own, so that no two share their luck.
    const base = firstSeed + (cell * 5 + w) * 1_000_003
    for (let done = 0; done < runs; done += chunk) jobs.push({ cell, world, seed: base + done, runs: Math.min(chunk, runs - done) })
  }
}

const started = performance.now()
const found = await collect(jobs)
const { lines, met } = tables(found, options.quick)
const all = [...found.values()]
const judged = all.reduce((total, tally) => total + tally.runs, 0)
const judgeMs = all.reduce((total, tally) => total + tally.judgeMs, 0) / judged
const seconds = (performance.now() - started) / 1000
process.stdout.write(
  `${[
    `${runs} runs for each row and system, first seed ${firstSeed}, 50 requests a second`,
    ...lines,
    '',
    `${judgeMs.toFixed(1)} ms a verdict, ${seconds.toFixed(0)} s in all. ${met ? 'Every target is met.' : 'A target is missed.'}`,
  ].join('\n')}\n`,
)
process.exitCode = met ? 0 : 1

async function collect(queue: Job[]): Promise<Found> {
  const tallies: Found = new Map()
  const hands = Math.min(availableParallelism(), 2)
  await Promise.all(
    Array.from({ length: hands }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url))
      try {
        for (let job = queue.shift(); job; job = queue.shift()) {
          const tally = await ask(worker, job)
          const key = `${job.cell}/${job.world}`
          tallies.set(key, add(tallies.get(key), tally))
        }
      } finally {
        await worker.terminate()
      }
    }),
  )
  return tallies
}

function ask(worker: Worker, job: Job): Promise<Tally> {
  const { promise, resolve, reject } = Promise.withResolvers<Tally>()
  worker.once('error', reject)
  worker.once('message', ({ tally }: { tally: Tally }) => {
    worker.off('error', reject)
    resolve(tally)
  })
  worker.postMessage(job)
  return promise
}

function add(a: Tally | undefined, b: Tally): Tally {
  if (!a) return b
  const counts = Object.fromEntries(Object.entries(b.counts).map(([key, value]) => [key, value + a.counts[key as keyof Counts]]))
  return { runs: a.runs + b.runs, judgeMs: a.judgeMs + b.judgeMs, counts: counts as unknown as Counts }
}
