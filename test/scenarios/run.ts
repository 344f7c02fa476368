/** One scenario, for real, twice: its own document against the form of its system that survives, and against the weak one. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findInstalled } from '../../scripts/lib/components.ts'
import { listPids, readCommandLine, readEnvironment } from '../../src/system/proc.ts'
import { everything } from '../helpers/length.ts'
import { endProcess, until } from '../helpers/processes.ts'

const squall = fileURLToPath(new URL('../../bin/squall.js', import.meta.url))
const scenarios = fileURLToPath(new URL('../../scenarios', import.meta.url))

export interface ScenarioTest {
  /** Variables of the document for a short run. */
  vars?: Record<string, string>
  /** What the weak form's verdict must name: the measure that broke its bound. */
  breaks: RegExp
  /** Programs without which it is skipped. */
  programs?: readonly string[]
  root?: true
  /** For the run, e.g. the values of secrets. */
  env?: Record<string, string>
  /** Its two runs disturb each other. */
  alone?: true
  /** Looks at the world, not asking Squall: what is left of the fault, in words; empty: nothing. Called when the system still runs. */
  left?(started: Started): Promise<string> | string
}

export interface Started {
  url: string
  command: string[]
  parts: string[]
}

/** Several scenarios run side by side: the load must not be late because of the others, or no verdict is possible. */
const first = process.getuid?.() === 0 ? ['nice', '-n', '-10'] : []

/** Twelve intervals of a second are the least that the judge takes. */
const short = { baseline: '14s', fault: '14s', recovery: '14s' }

/** Registers both tests. `folder`: of the scenario, e.g. `05-latency-between-services`. */
export function testScenario(folder: string, options: ScenarioTest): void {
  const missing = (options.programs ?? []).filter((program) => findInstalled(program) === null && !existsSync(`/usr/sbin/${program}`))
  const why =
    missing.length > 0 ? `${missing.join(', ')} not installed` : options.root && process.getuid?.() !== 0 ? 'needs root' : undefined
  const skip = everything ? (why ?? false) : (why ?? 'long: SQUALL_TEST_ALL=1')
  describe(folder, { skip, concurrency: options.alone ? 1 : 2 }, () => {
    test('a system that survives passes', async () => {
      const ended = await runOnce(folder, '--survives', options)
      assert.equal(ended.code, 0, ended.said)
      assert.match(ended.said, /Passed/)
    })
    test('a system that does not survive fails, for the reason that there is', async () => {
      const ended = await runOnce(folder, '--weak', options)
      assert.equal(ended.code, 1, ended.said)
      assert.match(ended.because, options.breaks, ended.said)
    })
  })
}

interface RunEnded {
  code: number | null
  said: string
  because: string
}

/** A busy machine may leave a run inconclusive (3): that one says nothing about either, and is made once more. */
async function runOnce(folder: string, form: '--survives' | '--weak', options: ScenarioTest): Promise<RunEnded> {
  const first = await run(folder, form, options)
  return first.code === 3 ? run(folder, form, options) : first
}

async function run(folder: string, form: string, options: ScenarioTest): Promise<RunEnded> {
  const home = mkdtempSync(join(tmpdir(), 'squall-scenario-'))
  const { SQUALL_MARK: _, ...outer } = process.env as Record<string, string>
  const env = { ...outer, SQUALL_STATE_DIR: join(home, 'state'), SQUALL_MACHINE_DIR: join(home, 'machine'), NO_COLOR: '1', CI: '' }
  const name = folder.replace(/^\d+-/, '')
  const demo = start([process.execPath, squall, 'demo', name, form, '--port', String(await freePorts(12)), '--json'], env)
  try {
    await until(`the system of ${name}`, () => isWhole(demo.stdout()) || demo.child.exitCode !== null, 30_000)
    assert.equal(demo.child.exitCode, null, demo.said())
    const started = JSON.parse(demo.stdout()) as Started
    const vars = started.command.filter((word) => word.includes('=') && !word.startsWith('-'))
    const all = {
      ...Object.fromEntries(vars.map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string])),
      ...short,
      ...options.vars,
    }
    const words = Object.entries(all).flatMap(([key, value]) => ['--var', `${key}=${value}`])
    const document = join(scenarios, folder, 'experiment.yaml')
    const runner = start([...first, process.execPath, squall, 'run', document, ...words], { ...env, ...options.env })
    const code = await runner.ended
    assert.equal((await options.left?.(started)) ?? '', '', 'left behind')
    assert.deepEqual(markedOf(join(home, 'state')), [], 'processes of the fault are left')
    const said = runner.said()
    return {
      code,
      said,
      because: said.split('\n').findLast((line) => /^(Failed|Passed|Inconclusive|Aborted|Error)/.test(line.trim())) ?? said,
    }
  } finally {
    await end(demo.child)
    const proxies = listPids().filter(
      (pid) => readEnvironment(pid)?.get('SQUALL_ROLE') === 'proxy' && readCommandLine(pid)?.some((word) => word.startsWith(home)),
    )
    for (const pid of proxies) process.kill(pid, 'SIGKILL')
    rmSync(home, { recursive: true, force: true })
  }
}

/** pids of what still carries the mark of a run of this state folder. */
function markedOf(state: string): number[] {
  const runs = readdirSync(join(state, 'runs'))
  return listPids().filter((pid) => runs.some((run) => readEnvironment(pid)?.get('SQUALL_MARK')?.startsWith(`${run}/`)))
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function start([program = '', ...args]: string[], env: Record<string, string>) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, said] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    said += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, stdout: () => stdout, said: () => said }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await until('the demo to end', () => child.exitCode !== null || child.signalCode !== null, 15_000).catch(() => endProcess(child))
}

/** The first of so many free ports in a row. */
async function freePorts(many: number): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await Promise.all(Array.from({ length: many }, (_, n) => isFree(base + n)))
    if (free.every(Boolean)) return base
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
