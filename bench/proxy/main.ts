/**
 * `npm run bench:proxy [-- --quick] [--json] [--rounds N] [--seconds S] [--only bulk,echo,opened,idle] [--variants none,…]`: is our proxy as fast as a real Toxiproxy?
 * Rounds take turns, so that a noisy neighbour hits all; the ratio of neighbours counts. Exit 1 when a gate is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../../test/helpers/free-port.ts'
import { buildLoad, type Load } from './load.ts'
import { machineFacts } from './machine.ts'
import { measureRound } from './measures.ts'
import { idleConnections, judge, type Results, shown } from './results.ts'
import { type Subject, startSubject, type Which } from './subjects.ts'
import { type Variant, variants } from './variants.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    variants: { type: 'string', default: '' },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 3 : 10))
const seconds = Number(options.seconds ?? (options.quick ? 0.3 : 1))
const chosen = variants.filter(({ name }) => options.variants === '' || options.variants.split(',').some((word) => name.includes(word)))
const wanted = (name: string): boolean => options.only === '' || options.only.split(',').includes(name)
const note = (line: string): void => void process.stderr.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'squall-bench-proxy-'))
/** A server for each variant: to change toxics under way, Toxiproxy may need until its API gives up. */
const subjects = new Map<Variant, Subject[]>()
try {
  const sink = `127.0.0.1:${await freePort()}`
  const load = await buildLoad(folder, sink, seconds * 1000)
  for (const variant of chosen) await startAll(variant, sink)
  const results: Results = {}
  for (let round = 0; round < rounds; round++) for (const variant of chosen) await everySubject(load, variant, round, results)
  const memory = wanted('idle') ? await idleMemory(load, sink) : null
  const judged = judge(results, memory)
  const facts = { ...machineFacts(), rounds, seconds }
  process.stdout.write(options.json ? `${JSON.stringify({ facts, rows: judged, results }, null, 2)}\n` : shown(facts, judged))
  if (judged.some(({ ok }) => ok === false)) process.exitCode = 1
} catch (error) {
  note(`bench:proxy: ${(error as Error).message}`)
  process.exitCode = 2
} finally {
  for (const subject of [...subjects.values()].flat()) await subject.end()
  rmSync(folder, { recursive: true, force: true })
}

async function startAll(variant: Variant, sink: string): Promise<void> {
  const whiches: Which[] = variant.toxic === null ? ['direct', 'node pipe', 'Toxiproxy', 'squall'] : ['Toxiproxy', 'squall']
  const started: Subject[] = []
  subjects.set(variant, started)
  for (const which of whiches) started.push(await startSubject(which, sink, variant.toxic))
}

/** Each round begins with another one: what the one before leaves behind (sockets that close, a hot core) hits all alike. */
async function everySubject(load: Load, variant: Variant, round: number, results: Results): Promise<void> {
  const present = subjects.get(variant) ?? []
  for (let index = 0; index < present.length; index++) {
    const subject = present[(index + round) % present.length] as Subject
    const measured = await measureRound(load, subject.address, variant, wanted)
    const rows = (results[variant.name] ??= {})
    ;(rows[subject.which] ??= []).push(measured)
    const told = Object.entries(measured).map(([name, value]) => `${name} ${value.toFixed(0)}`)
    note(`round ${round + 1} ${variant.name}, ${subject.which}: ${told.join(' · ')}`)
  }
}

/** MB that each holds more than before, in fresh processes. */
async function idleMemory(load: Load, sink: string): Promise<Partial<Record<Which, [before: number, during: number]>>> {
  const memory: Partial<Record<Which, [number, number]>> = {}
  for (const which of ['node pipe', 'Toxiproxy', 'squall'] as const) {
    const subject = await startSubject(which, sink, null)
    try {
      const before = subject.memory() ?? Number.NaN
      memory[which] = [before, await load.idle(subject.address, idleConnections, () => subject.memory() ?? Number.NaN)]
    } finally {
      await subject.end()
    }
  }
  return memory
}
