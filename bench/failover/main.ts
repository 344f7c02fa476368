/**
 * `npm run bench:failover`: a real PostgreSQL pair whose primary is ended. First what it costs, seen from outside Squall; then the requirement's experiment,
 * which must pass when the replica is promoted in time, and fail when it is not or too late. `--quick`: shorter phases, fewer rows. `--judged`: the experiment alone.
 */
import { parseArgs } from 'node:util'
import type { PairOptions } from '../../scenarios/lib/postgres-pair.ts'
import { whyNoPostgresPair } from '../../scenarios/lib/postgres-programs.ts'
import { full, type Judged, judgeFailover, short } from './experiment.ts'
import { failOver } from './lost.ts'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, judged: { type: 'boolean', default: false } },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const missing = whyNoPostgresPair()
if (missing) throw new Error(missing)

let met = true
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const rows: [name: string, pair: PairOptions, signal: 'SIGINT' | 'SIGKILL'][] = [
  ['async, clean stop', { replication: 'async' }, 'SIGINT'],
  ['async, killed', { replication: 'async' }, 'SIGKILL'],
  ['async, killed, 300 ms apart', { replication: 'async', apart: 300 }, 'SIGKILL'],
  ['sync, killed', { replication: 'sync' }, 'SIGKILL'],
  ['sync, killed, 300 ms apart', { replication: 'sync', apart: 300 }, 'SIGKILL'],
]
say('| replication and end | promoted after | writes again after | requests | errors | acknowledged | of these lost | timeline |')
say('|---|--:|--:|--:|--:|--:|--:|--:|')
for (const [name, pair, signal] of options.judged ? [] : options.quick ? rows.slice(2, 4) : rows) {
  const { promoted, writes, sent, errors, acknowledged, lost, timeline } = await failOver(pair, signal)
  say(`| ${name} | ${seconds(promoted)} | ${seconds(writes)} | ${sent} | ${errors} | ${acknowledged} | ${lost} | ${timeline.join(' → ')} |`)
  // A clean stop sends everything first; sync acknowledges nothing that only one has.
  if (pair.replication === 'sync' || signal === 'SIGINT') met &&= lost === 0
  if (pair.apart && pair.replication === 'async') met &&= lost > 0
  met &&= timeline[1] === timeline[0] + 1 && Number.isFinite(writes)
}

const scale = options.quick ? short : full
const late = { after: scale.within + (options.quick ? 2 : 10) }
const cases: [name: string, pair: PairOptions, fault: string, wanted: string][] = [
  ['promoted in time', {}, '    rejoin: rewind\n', 'passed'],
  ['promotion switched off', { promotion: 'off' }, '    rejoin: rewind\n', 'failed'],
  [`promotion ${late.after} s late`, { promotion: late }, '    rejoin: rewind\n', 'failed'],
  ['promoted in time, old primary started as it was', {}, '', 'failed'],
]
say('')
say(`The experiment: fault ${scale.fault} s, the replica takes over within ${scale.within} s, +5pp.`)
say('')
say('| case | verdict | exit | rollback | because |')
say('|---|---|--:|---|---|')
const judged: Judged[] = await Promise.all(cases.map(([, pair, fault]) => judgeFailover({ scale, pair, fault })))
for (const [index, [name, , , wanted]] of cases.entries()) {
  const { outcome, exit, rollback, because, said } = judged[index] as Judged
  say(`| ${name} | ${outcome} | ${exit} | ${rollback} | ${because} |`)
  if (outcome === wanted) continue
  met = false
  process.stderr.write(`${name}: ${outcome} instead of ${wanted}\n${said}\n`)
}
say('')
say(met ? 'Every target is met.' : 'A target is missed.')
process.exitCode = met ? 0 : 1
