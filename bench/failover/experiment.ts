/** The requirement's experiment on a real pair: when the primary stops, does the replica take over in time? Run by the command line, as people run it. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startOrders } from '../../scenarios/lib/orders-service.ts'
import { type PairOptions, type PostgresPair, startPostgresPair } from '../../scenarios/lib/postgres-pair.ts'

/** Seconds. */
export interface Scale {
  baseline: number
  fault: number
  /** How long the fault lasts. */
  lasts: number
  recovery: number
  /** In time is this soon. */
  within: number
  /** Requests a second. */
  rate: number
  /** What holds besides: of latency and of errors before the fault, and the time to recover. */
  bounds: { latency: string; errors: string; time: string }
}

/** As format.md has it, but for the abort: the question is how it is judged, not when it ends. */
export const full: Scale = {
  ...{ baseline: 60, fault: 120, lasts: 60, recovery: 60, within: 30, rate: 50 },
  bounds: { latency: '{ max: { baseline: 300ms } }', errors: 'baseline: 1%', time: '{ max: 30s }' },
}
/** The same, shorter, and on machines that do other things beside. */
export const short: Scale = {
  ...{ baseline: 14, fault: 27, lasts: 24, recovery: 14, within: 12, rate: 30 },
  bounds: { latency: 'none', errors: 'baseline: 5%, recovery: 5%', time: 'none' },
}

export interface Judged {
  exit: number | null
  outcome: string
  /** The one sentence. */
  because: string
  /** How the change ended. */
  rollback: string
  /** The cells that are about the failover: `error_rate fault: held from +5.1 s`. */
  cells: { measure: string; phase: string; decision: string; sentence: string; heldFrom?: number | null }[]
  /** All that the run printed. */
  said: string
  /** The data of the run. */
  exported: Record<string, unknown>
}

export interface JudgeOptions {
  scale: Scale
  pair: PairOptions
  /** Lines of the fault, below its target. */
  fault?: string
  /** Default: the primary of the database. */
  target?: string
  env?: Record<string, string>
  /** Called with the pair while the run goes on, and after its end. */
  watch?(pair: PostgresPair): Promise<void>
  after?(pair: PostgresPair): Promise<void>
}

export function documentOf(
  hosts: readonly string[],
  url: string,
  scale: Scale,
  fault: string,
  target = 'database: db, role: primary',
): string {
  const { baseline, lasts, recovery, within, rate, bounds } = scale
  return `name: database-primary-failover
hypothesis: When the primary database stops, the replica takes over within ${within} s, and the error rate rises by less than 5 percentage points.
environment: test
traffic: { url: "${url}", method: POST, rate: ${rate}/s, timeout: 2s, ids: id }
sources:
  db: { type: postgres, hosts: ["${hosts.join('", "')}"], user: admin, password: "\${secret:PG_PASSWORD}", timeout: 950ms }
measures:
  latency_p99: ${bounds.latency}
  throughput: { min: { recovery: 0.5x } }
  error_rate: { max: { ${bounds.errors}, fault: +5pp after ${within}s } }
  recovery_time: ${bounds.time}
  primaries: { from: db, max: 1, min: { baseline: 1, fault: 1 after ${within}s, recovery: 1 } }
  writable: { from: db, max: { fault: 1, recovery: 1 } }
  timeline: { from: db }
  lost_writes: { from: db, query: select id from orders, max: { recovery: 0 } }
phases: { warmup: 3s, baseline: ${baseline}s, fault: ${scale.fault}s, recovery: ${recovery}s }
faults:
  - type: stop
    target: { ${target} }
    for: ${lasts}s
${fault}`
}

/** A pair of its own, one run on it, nothing left. */
export async function judgeFailover({
  scale,
  pair: asked,
  fault = '    rejoin: rewind\n',
  target,
  env = {},
  watch,
  after,
}: JudgeOptions): Promise<Judged> {
  const pair = await startPostgresPair(asked)
  const folder = mkdtempSync(join(tmpdir(), 'squall-failover-'))
  const orders = await startOrders({ hosts: pair.hosts, user: 'squall', password: pair.password })
  try {
    mkdirSync(join(folder, 'machine'))
    writeFileSync(join(folder, 'experiment.yaml'), documentOf(pair.hosts, orders.url, scale, fault, target))
    const running = squall(folder, { ...env, PG_PASSWORD: pair.password }, 'run', 'experiment.yaml', '--no-github')
    await Promise.all([running, watch?.(pair)])
    const { code, said } = await running
    const { out } = await squall(folder, { ...env, PG_PASSWORD: pair.password }, 'export', 'last')
    const exported = JSON.parse(out || '{}') as Exported
    await after?.(pair)
    return {
      exit: code,
      outcome: exported.verdict?.outcome ?? 'none',
      because: exported.verdict?.because ?? said,
      rollback: exported.changes?.map(({ state }) => state).join(', ') ?? '',
      cells: (exported.verdict?.cells ?? []).filter(({ measure }) => ['error_rate', 'primaries', 'lost_writes'].includes(measure)),
      said,
      exported: exported as never,
    }
  } finally {
    await orders.end()
    await pair.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Exported {
  verdict?: { outcome: string; because: string; cells: Judged['cells'] }
  changes?: { state: string }[]
}

const program = fileURLToPath(new URL('../../bin/squall.js', import.meta.url))

function squall(
  folder: string,
  own: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; said: string; out: string }> {
  const { SQUALL_MARK: _mark, ...outer } = process.env
  const env = {
    ...outer,
    SQUALL_STATE_DIR: join(folder, 'state'),
    SQUALL_MACHINE_DIR: join(folder, 'machine'),
    ...own,
    NO_COLOR: '1',
    CI: '',
  }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, said] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    said += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, said, out })) // Not exit: what it has printed may still be on its way.
  })
}
