/**
 * How fast Squall starts: `--version` at most 1.5 times, `validate` at most 3 times a bare `node -e 0` of the same runtime,
 * and `validate` of a document of 2,000 lines at most 300 ms. All take turns, so that what else the machine does hits all alike; judged by the median of all rounds, the least is
 * shown beside it. `--quick`: fewer rounds. `--json`: the numbers on stdout. Exit 1 when a limit is missed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { longDocument } from './long-document.ts'

const here = import.meta.dirname
const bin = join(here, '..', '..', 'bin', 'squall.js')
const rounds = process.argv.includes('--quick') ? 15 : 60

const folder = mkdtempSync(join(tmpdir(), 'squall-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const long = join(folder, 'long.yaml')
writeFileSync(long, longDocument(2000))

interface Case {
  name: string
  words: readonly string[]
  /** Times the bare start. */
  limit?: number
  limitMs?: number
}

const cases: readonly Case[] = [
  { name: 'node -e 0', words: ['-e', '0'] },
  { name: 'squall --version', words: [bin, '--version'], limit: 1.5 },
  { name: 'squall validate', words: [bin, 'validate', join(here, 'experiment.yaml')], limit: 3 },
  { name: '  of 2,000 lines', words: [bin, 'validate', long], limitMs: 300 },
]

/** ms from start to end of one process. Throws when it fails: a quick failure is no quick start. */
function timed(words: readonly string[]): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 30_000 })
  const took = performance.now() - started
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`)
  return took
}

const times = cases.map((): number[] => [])
for (const { words } of cases) timed(words) // fills the compile cache and the page cache
for (let round = 0; round < rounds; round++) for (const [i, { words }] of cases.entries()) times[i]?.push(timed(words))

const sorted = times.map((list) => list.toSorted((a, b) => a - b))
const bare = sorted[0]?.[Math.floor(rounds / 2)] ?? Number.NaN
const results = cases.map(({ name, limit = Number.POSITIVE_INFINITY, limitMs = Number.POSITIVE_INFINITY }, i) => {
  const list = sorted[i] ?? []
  const median = list[Math.floor(rounds / 2)] ?? Number.NaN
  const ok = median <= limit * bare && median <= limitMs
  return { name, leastMs: list[0] ?? Number.NaN, medianMs: median, ratio: median / bare, limit, limitMs, ok }
})

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ node: process.versions.node, rounds, results }, null, 2)}\n`)
else {
  process.stdout.write(`Node ${process.versions.node}, ${rounds} rounds taking turns\n`)
  for (const { name, leastMs, medianMs, ratio, limit, limitMs, ok } of results) {
    const allowed = Number.isFinite(limit) ? `of ${limit}x` : `of ${limitMs} ms`
    const judged = name === 'node -e 0' ? '' : `  ${ratio.toFixed(2)}x  ${allowed}  ${ok ? 'ok' : 'MISSED'}`
    process.stdout.write(
      `${name.padEnd(18)} least ${leastMs.toFixed(1).padStart(6)} ms  median ${medianMs.toFixed(1).padStart(6)} ms${judged}\n`,
    )
  }
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
