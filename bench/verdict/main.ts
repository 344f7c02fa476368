/**
 * How often is the judge wrong? Healthy and harmed runs of five made-up systems, judged under the default measures; beside it the plain rule.
 * `--runs N` runs for each system and row (2000), `--quick` few runs: misses a target only when chance cannot explain it, `--seed N` first seed.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { cells } from './plan.ts'
import type { Tally } from './simulate.ts'
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
const tallies = await collect(jobs)
process.exitCode = print(tallies) ? 0 : 1

async function collect(queue: Job[]): Promise<Map<string, Tally>> {
  const found = new Map<string, Tally>()
  const hands = Math.min(availableParallelism(), 2)
  await Promise.all(
    Array.from({ length: hands }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url))
      try {
        for (let job = queue.shift(); job; job = queue.shift()) {
          const tally = await ask(worker, job)
          const key = `${job.cell}/${job.world}`
          found.set(key, add(found.get(key), tally))
        }
      } finally {
        await worker.terminate()
      }
    }),
  )
  return found
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
  return Object.fromEntries(Object.entries(b).map(([key, value]) => [key, value + a[key as keyof Tally]])) as unknown as Tally
}

/** Prints the table; true when every target is met. */
function print(found: Map<string, Tally>): boolean {
  const lines = [
    `${runs} runs for each row and system, first seed ${firstSeed}, 50 requests a second`,
    '',
    'row                              system    failed  passed  run passed | plain rule failed, its p99 part alone | targets',
  ]
  let met = true
  let judgeMs = 0
  let judged = 0
  for (const [i, { name, targets }] of cells.entries()) {
    for (const world of Object.keys(worlds)) {
      const tally = found.get(`${i}/${world}`)
      if (!tally) throw new Error(`no result for ${name} in ${world}`)
      judgeMs += tally.judgeMs
      judged += tally.runs
      const missed = misses(targets, tally)
      if (tally.zeroErrorsFailed > 0) missed.push(`zero errors failed ${tally.zeroErrorsFailed} times`)
      met &&= missed.length === 0
      const share = (count: number): string => `${((100 * count) / tally.runs).toFixed(1)} %`.padStart(7)
      lines.push(
        `${name.padEnd(32)} ${world.padEnd(8)} ${share(tally.failed)} ${share(tally.passed)}     ${share(tally.runPassed)} |           ${share(tally.plainFailed)}             ${share(tally.plainP99Failed)} | ${missed.length > 0 ? `MISSED: ${missed.join(', ')}` : 'ok'}`,
      )
    }
  }
  const seconds = (performance.now() - started) / 1000
  lines.push(
    '',
    `failed and passed: the recovery question under latency_p99, error_rate, throughput; the rest can't tell. run passed: all three questions.`,
  )
  lines.push(
    `${(judgeMs / judged).toFixed(1)} ms a verdict, ${seconds.toFixed(0)} s in all. ${met ? 'Every target is met.' : 'A target is missed.'}`,
  )
  process.stdout.write(`${lines.join('\n')}\n`)
  return met
}

function misses(targets: (typeof cells)[number]['targets'], tally: Tally): string[] {
  return (['failed', 'passed'] as const).flatMap((what) => {
    const { atMost, atLeast } = targets[what] ?? {}
    const count = tally[what]
    const out: string[] = []
    if (atMost !== undefined && above(count, tally.runs, atMost)) out.push(`${what} ≤ ${100 * atMost} %`)
    if (atLeast !== undefined && above(tally.runs - count, tally.runs, 1 - atLeast)) out.push(`${what} ≥ ${100 * atLeast} %`)
    return out
  })
}

/** With many runs the share speaks; with `--quick` only a count that luck explains in less than one of a thousand. */
function above(count: number, of: number, share: number): boolean {
  if (!options.quick) return count / of > share + 1e-9
  let probability = 1
  let term = (1 - share) ** of
  for (let k = 0; k < count; k++) {
    probability -= term
    term *= ((of - k) / (k + 1)) * (share / (1 - share))
  }
  return probability < 0.001
}
