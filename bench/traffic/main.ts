/**
 * `npm run bench:traffic [-- --quick]`: is Squall's load honest? Beside vegeta (Go, open loop) against a server of known delay;
 * against a server that stands still for 2 s; and how late it starts its requests at a high rate.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nearestRank } from '../../src/measures/traffic/quantile.ts'
import { sleep } from '../../src/system/clock.ts'
import { bareLag } from './bare-loop.ts'
import { attack, buildGo, startDelayServer } from './go-programs.ts'
import { shoot } from './squall-load.ts'

const quick = process.argv.includes('--quick')
const rows: { what: string; measured: string; target: string; ok: boolean | null }[] = []
const ms = (value: number): string => `${value.toFixed(2)} ms`
const median = (values: number[]): number => nearestRank(values, 0.5)
const note = (line: string): void => void process.stderr.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'squall-bench-traffic-'))
try {
  await buildGo(folder)
  await besideVegeta()
  await frozen()
  await startLag()
  await cost()
} catch (error) {
  note(`bench:traffic: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (process.exitCode !== 1) show()

/**
 * Rounds take turns, so that a noisy neighbour hits both; the median difference of neighbours counts. Seconds that our generator calls suspect
 * are not left out: vegeta has no such word, and what is compared must be all that each of them saw.
 */
async function besideVegeta(): Promise<void> {
  const [rounds, seconds, rate, delay] = [quick ? 3 : 7, quick ? 2 : 5, 500, 20]
  const server = await startDelayServer(folder, delay)
  const p50 = { squall: [] as number[], vegeta: [] as number[] }
  const p99 = { squall: [] as number[], vegeta: [] as number[] }
  let [bad, suspect] = [0, 0]
  try {
    for (let round = 1; round <= rounds; round++) {
      const ours = await shoot(server.url, rate, seconds)
      const theirs = await attack(folder, server.url, rate, seconds)
      bad += ours.bad
      suspect += ours.suspect
      for (const [name, latencies] of [
        ['squall', ours.latencies],
        ['vegeta', theirs],
      ] as const) {
        p50[name].push(nearestRank(latencies, 0.5))
        p99[name].push(nearestRank(latencies, 0.99))
        note(`round ${round} ${name}: ${latencies.length} requests, p50 ${ms(p50[name].at(-1) ?? 0)}, p99 ${ms(p99[name].at(-1) ?? 0)}`)
      }
    }
  } finally {
    await server.stop()
  }
  for (const [name, { squall, vegeta }] of [
    ['p50', p50],
    ['p99', p99],
  ] as const) {
    const [ours, theirs] = [median(squall), median(vegeta)]
    const beyond = median(squall.map((value, round) => value - (vegeta[round] ?? 0)))
    const what = `${name} at ${rate}/s, server of ${delay} ms (medians of ${rounds} rounds)`
    const measured = `Squall ${ms(ours)}, vegeta ${ms(theirs)}, beyond by ${ms(beyond)} (${suspect} of ${rounds * seconds} seconds suspect)`
    rows.push({ what, measured, target: 'at most 1 ms beyond', ok: beyond <= 1 && bad === 0 })
  }
}

async function frozen(): Promise<void> {
  const [rate, seconds, stop] = [100, quick ? 5 : 8, 2000]
  const server = await startDelayServer(folder, 20)
  try {
    const both = Promise.all([shoot(server.url, rate, seconds), attack(folder, server.url, rate, seconds)])
    await sleep(3000)
    process.kill(server.pid, 'SIGSTOP')
    await sleep(stop)
    process.kill(server.pid, 'SIGCONT')
    const [ours, theirs] = await both
    const [p99, max, theirP99] = [nearestRank(ours.latencies, 0.99), nearestRank(ours.latencies, 1), nearestRank(theirs, 0.99)]
    // Uniform arrivals: the slowest 1 % of all are those that came in the first rate·seconds/100 requests of the stop.
    const expected = stop + 20 - seconds * 10
    const what = `p99 over ${seconds} s in which the server stood still for 2 s`
    rows.push({
      what,
      measured: `Squall ${ms(p99)} (max ${ms(max)}), vegeta ${ms(theirP99)}`,
      target: `${ms(expected)} ± 100 ms by arithmetic`,
      ok: Math.abs(p99 - expected) <= 100,
    })
  } finally {
    process.kill(server.pid, 'SIGCONT')
    await server.stop()
  }
}

/** What the generator itself causes shows in every round, a noisy neighbour not: the best round counts, all are shown. */
async function startLag(): Promise<void> {
  const [rounds, rate, seconds] = [quick ? 2 : 3, 5000, quick ? 4 : 10]
  const server = await startDelayServer(folder, 5)
  const lags: number[] = []
  const floors: number[] = []
  let whole = true
  try {
    for (let round = 1; round <= rounds; round++) {
      const floor = await bareLag(rate, 2)
      const shot = await shoot(server.url, rate, seconds)
      floors.push(floor)
      lags.push(median(shot.lags))
      whole &&= shot.latencies.length === rate * seconds
      note(
        `lag round ${round}: median second ${ms(median(shot.lags))}, worst ${ms(Math.max(...shot.lags))}, ${shot.suspect} suspect, ${shot.latencies.length} of ${rate * seconds} answered, ${shot.bad} not ok; bare loop ${ms(floor)}`,
      )
    }
  } finally {
    await server.stop()
  }
  const what = `start lag at ${rate}/s for ${seconds} s, p99 of the median second (best of ${rounds})`
  const measured = `${ms(Math.min(...lags))} (a bare waiting loop: ${ms(Math.min(...floors))})`
  rows.push({ what, measured, target: '< 3 ms, every request sent', ok: Math.min(...lags) < 3 && whole })
}

async function cost(): Promise<void> {
  const server = await startDelayServer(folder, 20)
  try {
    for (const rate of [50, 500]) {
      const shot = await shoot(server.url, rate, quick ? 2 : 5)
      rows.push({
        what: `CPU at ${rate}/s`,
        measured: `${(shot.cpu * 100).toFixed(1)} % of a core, start lag p99 ${ms(median(shot.lags))}`,
        target: 'shown only',
        ok: null,
      })
    }
  } finally {
    await server.stop()
  }
}

function show(): void {
  const width = (key: 'what' | 'measured' | 'target'): number => Math.max(...rows.map((row) => row[key].length))
  for (const { what, measured, target, ok } of rows) {
    const verdict = ok === null ? '' : ok ? 'ok' : 'missed'
    process.stdout.write(
      `${what.padEnd(width('what'))}  ${measured.padEnd(width('measured'))}  ${target.padEnd(width('target'))}  ${verdict}\n`,
    )
  }
  if (rows.some((row) => row.ok === false)) process.exitCode = 1
}
