/** A stage for one whole run: its own state folder, its own victims, and an outside look at what is left of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { foldJournal, type JournaledRun, parseJournal } from '../../src/guardian/journal-read.ts'
import { aliveSame, listPids, readCommandLine, readEnvironment, readStat } from '../../src/system/proc.ts'
import { endProcess, startVictim, until, type Victim } from '../helpers/processes.ts'

export const squall = fileURLToPath(new URL('../../bin/squall.js', import.meta.url))
export { stateOf, until } from '../helpers/processes.ts'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Stage {
  folder: string
  state: string
  env: Record<string, string>
  /** Path of a file in the stage's folder. */
  path(name: string): string
  write(name: string, text: string): string
  /** What stands in the file of this path. */
  text(path: string): string
  victim(name: string): Promise<Victim>
  /** Writes the document: quiet measures, short phases, the faults as given. Returns its path. */
  document(faults: string, options?: { environment?: string; fault?: string; baseline?: string; recovery?: string }): string
  /** Starts a program, whose end is awaited by `ended`. */
  start(argv: readonly [string, ...string[]]): { child: ChildProcess; pid: number; ended: Promise<Ended> }
  run(document: string): ReturnType<Stage['start']>
  command(...args: string[]): Promise<Ended>
  /** The one run of this stage, once its journal has a header. */
  started(): Promise<{ id: string; guardian: number }>
  /** Kills the standby of the run, which would finish what its dead guardian has left. */
  killStandby(): Promise<void>
  journal(): JournaledRun | null
  /** The row of `squall history`. */
  record(): Promise<{ outcome: string | null; exit: number | null; rollback: string | null; because: string | null }>
  /** pids of living processes whose mark belongs to a run of this stage. */
  marked(): number[]
  /** What all started programs have printed, for a failed test. */
  said(): string
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-e2e-'))
  const state = join(folder, 'state')
  const { SQUALL_MARK: _mark, ...outer } = process.env as Record<string, string>
  const env = { ...outer, SQUALL_STATE_DIR: state, SQUALL_MACHINE_DIR: join(folder, 'machine'), NO_COLOR: '1', TERM: 'xterm', CI: '' }
  const server = createServer((_, response) => response.end('{"up":1}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const victims: Victim[] = []
  const children: ChildProcess[] = []
  const guardians = new Map<number, number>()
  let said = ''
  mkdirSync(join(folder, 'machine'))

  const runs = (): string[] => (existsSync(join(state, 'runs')) ? readdirSync(join(state, 'runs')) : [])
  const isStandby = (pid: number): boolean => {
    const argv = readCommandLine(pid) ?? []
    return argv.includes('standby') && argv.includes(state)
  }
  const stage: Stage = {
    folder,
    state,
    env,
    path: (name) => join(folder, name),
    write(name, text) {
      writeFileSync(join(folder, name), text, { mode: 0o755 })
      return join(folder, name)
    },
    text: (path) => readFileSync(path, 'utf8'),
    async victim(name) {
      const victim = await startVictim(['sleep', '300'], { SQUALL_LABELS: `stage=${folder.slice(-6)}-${name}` })
      victims.push(victim)
      return victim
    },
    document(faults, { environment = 'production', fault = '60s', baseline = '1s', recovery = '1s' } = {}) {
      const text = `name: evil
hypothesis: Whatever is done to Squall, nothing is left behind.
environment: ${environment}
sources: { app: { type: endpoint, url: 'http://127.0.0.1:${port}/' } }
measures: { up: { from: app, unit: count, min: { recovery: 1 } } }
phases: { warmup: 0s, baseline: ${baseline}, fault: ${fault}, recovery: ${recovery} }
faults:
${faults}`
      return stage.write('experiment.yaml', text)
    },
    start([program, ...args]) {
      const child = spawn(program, args, { env, cwd: folder, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
      child.stdin.on('error', () => {}) // It may end before it has read everything.
      children.push(child)
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString()
        said += chunk.toString()
      })
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
        said += chunk.toString()
      })
      const ended = new Promise<Ended>((resolve, reject) => {
        child.once('error', reject)
        child.once('exit', (code) => resolve({ code, stdout, stderr }))
      })
      ended.catch(() => {}) // Whoever awaits it is told.
      return { child, pid: child.pid as number, ended }
    },
    run: (document) => stage.start([process.execPath, squall, 'run', document]),
    command: (...args) => stage.start([process.execPath, squall, ...args]).ended,
    async started() {
      await until('the guardian to be armed', () => stage.journal() !== null, 20_000)
      const { header } = stage.journal() as JournaledRun
      guardians.set(header.guardian.pid, header.guardian.start)
      return { id: header.run, guardian: header.guardian.pid }
    },
    async killStandby() {
      const found = listPids().filter(isStandby)
      if (found.length === 0) throw new Error('the run has no standby')
      for (const pid of found) process.kill(pid, 'SIGKILL')
      await until('the standby to end', () => !found.some((pid) => isStandby(pid)), 2_000)
    },
    journal() {
      const [id] = runs()
      const path = id === undefined ? '' : join(state, 'runs', id, 'journal')
      return existsSync(path) ? foldJournal(parseJournal(readFileSync(path))) : null
    },
    async record() {
      const { stdout } = await stage.command('history', 'evil', '--json')
      const row = (JSON.parse(stdout) as { runs: Awaited<ReturnType<Stage['record']>>[] }).runs[0]
      if (!row) throw new Error('the run is not recorded')
      return row
    },
    marked() {
      const ids = runs()
      return listPids().filter((pid) => {
        const mark = readEnvironment(pid)?.get('SQUALL_MARK')
        return mark !== undefined && ids.some((id) => mark.startsWith(`${id}/`)) && readStat(pid)?.state !== 'Z'
      })
    },
    said: () => said,
    async close() {
      for (const child of children) await endProcess(child)
      for (const [pid, start] of guardians) if (aliveSame(pid, start)) process.kill(pid, 'SIGKILL')
      // One may still be trying to undo what a test has made impossible.
      for (const pid of [...listPids().filter(isStandby), ...stage.marked()]) process.kill(pid, 'SIGKILL')
      for (const victim of victims) await victim.end()
      await new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return stage
}

/** A pause fault on this victim, as a part of a document. */
export function pauseFault(victim: Victim, more = ''): string {
  return `  - type: pause\n    target: { process: { labels: { stage: ${victim.label} } } }\n${more}`
}

/** A fault that is nothing but a file, and whose rollback notes that it was run. It does not end before its stage does. */
export function flagFault(stage: Stage, rollback?: string): string {
  const flag = stage.path('flag')
  const undo = rollback ?? stage.write('undo.sh', `#!/bin/sh\necho undone >> ${stage.path('undone')}\nrm -f ${flag}\n`)
  return `  - type: command\n    inject: [touch, ${flag}]\n    rollback: [${undo}]\n    check: [test, '-e', ${flag}]\n    timeout: 3s\n    expires: when the test is over\n`
}

/** A test with a stage of its own, so that tests can wait side by side. What was printed comes with a failure. */
export function withStage(work: (stage: Stage, t: TestContext) => Promise<void>): (t: TestContext) => Promise<void> {
  return async (t) => {
    const stage = await openStage()
    try {
      await work(stage, t)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${stage.said()}`, { cause: error })
    } finally {
      await stage.close()
    }
  }
}
