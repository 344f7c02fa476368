/** Finding and finishing leftovers: used at every start, by `rollback`, by `halt`, and by a runner that lost its guardian. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChangeState } from '../records/run-data.ts'
import { startChild } from '../system/children.ts'
import { sleep } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { isLocked } from '../system/flock.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { runDir } from '../system/paths.ts'
import { aliveSame } from '../system/proc.ts'
import { openSecrets } from '../system/secrets.ts'
import { environmentNames, guardianEnvironment } from './client.ts'
import { askControl, type ControlAnswer } from './control-socket.ts'
import { foldJournal, type JournaledRun, parseJournal } from './journal-read.ts'
import type { SweptRun } from './sweep.ts'

/** ms within which a guardian must say that it is there. */
export const answerLimit = 2_000

type SweepMessage = ({ say: 'swept' } & SweptRun) | { say: 'change'; run: string; key: string; state: ChangeState; why?: string }

/**
 * Sweeps runs in a process of its own, which outlives us when a rollback is stuck. Resolves when each run is done or known to be stuck.
 */
export function sweep(state: string, runs: readonly string[]): Promise<SweptRun[]> {
  if (runs.length === 0) return Promise.resolve([])
  const left = runs.flatMap((run) => journaledRun(state, run) ?? [])
  const child = startChild({
    argv: [process.execPath, entryPath('guardian'), 'sweep', state, ...runs],
    env: guardianEnvironment(left.flatMap((run) => run.changes.flatMap(({ plan }) => environmentNames(plan.state)))),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.process?.stdin?.on('error', () => {}) // It may have ended already: its output tells.
  if (child.process?.stdin) sendMessage(child.process.stdin, secretsFor(left))
  child.process?.stdin?.end()
  const results = new Map<string, SweptRun>()
  const stuck = new Map<string, SweptRun>()
  return new Promise((resolve) => {
    const finish = (): void => {
      const missing = (run: string): SweptRun => ({ run, result: 'unreadable', why: 'the sweep ended early', changes: [] })
      child.process?.unref()
      child.process?.stdout?.destroy()
      resolve(runs.map((run) => results.get(run) ?? stuck.get(run) ?? missing(run)))
    }
    const stdout = child.process?.stdout
    if (!stdout) return finish()
    readMessages<SweepMessage>(
      stdout,
      (message) => {
        if (message.say === 'swept') results.set(message.run, message)
        else if (message.state === 'stuck') noteStuck(stuck, message)
        if (runs.every((run) => results.has(run) || stuck.has(run))) finish()
      },
      () => {},
    )
    stdout.once('close', finish)
  })
}

function noteStuck(stuck: Map<string, SweptRun>, message: { run: string; key: string; why?: string }): void {
  const known = stuck.get(message.run) ?? { run: message.run, result: 'swept', changes: [] }
  known.changes.push({ key: message.key, state: 'stuck', does: '', ...(message.why ? { why: message.why } : {}) })
  stuck.set(message.run, known)
}

/** True when no living process holds the run: its guardian and its sweeps are dead. */
export function isOrphan(state: string, run: string): boolean {
  try {
    return !isLocked(join(runDir(run, state), 'lock'))
  } catch {
    return true // Not even a folder any more.
  }
}

/**
 * Asks a run's guardian to roll back. When it does not say within 2 s that it is there, it is killed (pid and start time from
 * the journal's header) and the run is swept.
 */
export async function rollBackRun(state: string, run: string, ask: 'rollback' | 'halt', patience = 60_000): Promise<SweptRun> {
  const socket = join(runDir(run, state), 'socket')
  if (!isOrphan(state, run)) {
    if (await askControl(socket, { ask: 'status' }, answerLimit)) {
      const answer = await askControl(socket, { ask }, patience)
      if (answer) return fromAnswer(answer)
    }
    killGuardianOf(state, run)
    for (let waited = 0; waited < 1_000 && !isOrphan(state, run); waited += 20) await sleep(20)
  }
  const [swept] = await sweep(state, [run])
  return swept ?? { run, result: 'unreadable', changes: [] }
}

function fromAnswer(answer: ControlAnswer): SweptRun {
  return { run: answer.run, result: 'swept', changes: answer.changes.map((change) => ({ does: '', ...change })) }
}

function killGuardianOf(state: string, run: string): void {
  const header = journaledRun(state, run)?.header
  if (header && aliveSame(header.guardian.pid, header.guardian.start)) process.kill(header.guardian.pid, 'SIGKILL')
}

function journaledRun(state: string, run: string): JournaledRun | null {
  try {
    return foldJournal(parseJournal(readFileSync(join(runDir(run, state), 'journal'))))
  } catch {
    return null // The sweep itself says what is wrong with it.
  }
}

/** What we have of the secrets that the runs need; what is missing leaves its change stuck. */
function secretsFor(runs: readonly JournaledRun[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { header, changes } of runs) {
    const secrets = openSecrets(header.secretsFile)
    for (const name of changes.flatMap(({ plan }) => plan.secrets ?? [])) {
      try {
        found[name] ??= secrets.value(name)
      } catch {
        // Not set, or its file is not to be trusted: the change says what it lacks.
      }
    }
  }
  return found
}
