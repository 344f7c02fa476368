/** The runner's side: starts the guardian, asks it for changes, notices when it is lost. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, SquallError } from '../errors.ts'
import { allowedEnvironment, startChild } from '../system/children.ts'
import { monotonicMs } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { runDir } from '../system/paths.ts'
import { aliveSame, readStat } from '../system/proc.ts'
import type { ArmRequest, ChangeSummary, FromGuardian, ProcessId, RunProxy, ToGuardian } from './protocol.ts'

export interface GuardianClient {
  readonly id: ProcessId
  readonly changes: readonly ChangeSummary[]
  /** Those of ours that the document declares, as they were when it was armed. */
  readonly proxies: readonly RunProxy[]
  send(message: ToGuardian): void
  /** ms since it last said anything. */
  silentFor(): number
  /** We ourselves stood still: its silence meanwhile says nothing. */
  forgive(): void
  /** Called when its pipe ends before `closed`. */
  onLost(listener: () => void): void
  /** SIGKILL, if it is still the same process. */
  kill(): void
  /** Lets this process end although the guardian goes on, with a rollback that is stuck. */
  leave(): void
}

const armLimit = 30_000

/**
 * What a guardian or a sweep gets of the environment: where state lies, what faults want to hand to their programs, and nothing a
 * CI system could find it by.
 */
export function guardianEnvironment(more: readonly string[] = []): Record<string, string> {
  return { ...allowedEnvironment(['SQUALL_STATE_DIR', 'SQUALL_MACHINE_DIR', 'XDG_STATE_HOME', ...more]), SQUALL_ROLE: 'guardian' }
}

/** Names under `env` in a fault's parameters, or in the state of a change made of them. */
export function environmentNames(parameters: unknown): string[] {
  const names = (parameters as { env?: unknown } | null)?.env
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

/**
 * Starts a guardian and waits until it is armed.
 * @throws SquallError with the guardian's own reason when it refuses; `guardian-failed` when it does not answer.
 */
export async function startGuardian(request: ArmRequest, onMessage: (message: FromGuardian) => void): Promise<GuardianClient> {
  const logFd = openSync(join(runDir(request.run, request.state), 'guardian.log'), 'a', 0o600)
  const child = startChild({
    argv: [process.execPath, entryPath('guardian'), 'own', request.state, request.run],
    env: guardianEnvironment(request.faults.flatMap((fault) => environmentNames(fault.spec))),
    stdio: ['pipe', 'pipe', logFd],
  })
  closeSync(logFd)
  const { stdin, stdout } = child.process ?? {}
  if (!stdin || !stdout || child.pid === undefined) {
    throw new SquallError('guardian-failed', `the guardian did not start: ${(await child.exited).failed?.message ?? 'no process'}`)
  }
  const id: ProcessId = { pid: child.pid, start: readStat(child.pid)?.start ?? 0 }
  stdin.on('error', () => {}) // The end of stdout tells that it is gone.
  let lastHeard = monotonicMs()
  let closed = false
  const lostListeners: (() => void)[] = []
  const armed = new Promise<Extract<FromGuardian, { say: 'armed' }>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new SquallError('guardian-failed', 'the guardian did not answer')), armLimit)
    readMessages<FromGuardian>(
      stdout,
      (message) => {
        lastHeard = monotonicMs()
        if (message.say === 'armed') resolve(message)
        else if (message.say === 'refused')
          reject(new SquallError(message.error.code as ErrorCode, message.error.message, hintOf(message.error.hint)))
        else onMessage(message)
        if (message.say === 'closed') closed = true
        if (message.say === 'armed' || message.say === 'refused') clearTimeout(timer)
      },
      () => {},
    )
    stdout.once('close', () => {
      clearTimeout(timer)
      reject(new SquallError('guardian-failed', 'the guardian ended before it was armed'))
      if (!closed) for (const listener of lostListeners) listener()
    })
  })
  const kill = (): void => {
    if (aliveSame(id.pid, id.start)) process.kill(id.pid, 'SIGKILL')
  }
  sendMessage(stdin, request)
  try {
    const { changes, proxies } = await armed
    child.process.unref()
    return {
      id,
      changes,
      proxies,
      send: (message) => sendMessage(stdin, message),
      silentFor: () => monotonicMs() - lastHeard,
      forgive: () => {
        lastHeard = monotonicMs()
      },
      onLost: (listener) => void lostListeners.push(listener),
      kill,
      leave() {
        for (const pipe of [stdin, stdout] as unknown as { unref?(): void }[]) pipe.unref?.()
      },
    }
  } catch (error) {
    kill()
    throw error
  }
}

function hintOf(hint: string): { hint?: string } {
  return hint === '' ? {} : { hint }
}
