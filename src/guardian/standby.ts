/**
 * The guardian's standby: a second detached process of each run that has something to undo. It does nothing until the guardian is dead (the
 * kernel closes its pipe) or far over its time, and then finishes the run from the journal, as any sweep would.
 */
import type { Readable } from 'node:stream'
import { type Child, startChild } from '../system/children.ts'
import { bootMs, monotonicMs, sleep } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { removeLeftCgroup } from '../system/own-cgroup.ts'
import { aliveSame } from '../system/proc.ts'
import { environmentNames, guardianEnvironment } from './client.ts'
import { openRuns } from './open-runs.ts'
import type { ArmRequest, ProcessId } from './protocol.ts'
import type { SweptRun } from './sweep.ts'

/** The first line it reads. */
export interface StandbyOrder {
  runner: ProcessId
  guardian: ProcessId
  /** ms since boot after which the guardian ends everything by itself; somewhat later it counts as dead. */
  deadlineBoot: number
  /** Kept in memory only. */
  secrets: Record<string, string>
}

export interface Standby {
  /** True once it listens, false when it could not be started. */
  ready: Promise<boolean>
  /** The guardian has come to its own end: it is not needed any more. Resolves when it is gone. */
  dismiss(): Promise<void>
}

const dismissal = { say: 'over' }

export function cgroupOf(run: string): string {
  return `${run}-standby`
}

const readyLimit = 10_000
/** ms after the deadline: a guardian that is alive has long been rolling back by then. */
const overdue = 30_000
/** ms that a living runner gets to sweep by itself: it tells its record how each change ended. */
const runnerFirst = 1_500

export function startStandby(request: ArmRequest, order: StandbyOrder, log: (line: string) => void): Standby {
  const child: Child = startChild({
    argv: [process.execPath, entryPath('guardian'), 'standby', request.state, request.run],
    env: guardianEnvironment(request.faults.flatMap((fault) => environmentNames(fault.spec))),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const { stdin, stdout } = child.process ?? {}
  let dismissed = false
  stdin?.on('error', () => {}) // It has ended: its own output tells.
  if (stdin) sendMessage(stdin, order)
  const listens = new Promise<boolean>((resolve) => {
    stdout?.once('data', () => resolve(true))
    void child.exited.then(({ code, signal, failed }) => {
      if (!dismissed) log(`the standby ended: ${failed?.message ?? signal ?? `exit ${code}`}`)
      resolve(false)
    })
  })
  child.process?.unref()
  ;(stdin as unknown as { unref?(): void } | undefined)?.unref?.()
  ;(stdout as unknown as { unref?(): void } | undefined)?.unref?.()
  return {
    ready: Promise.race([listens, sleep(readyLimit).then(() => false)]),
    async dismiss() {
      dismissed = true
      if (stdin) sendMessage(stdin, dismissal)
      await Promise.race([child.exited, sleep(1_000)])
      child.kill()
      removeLeftCgroup(cgroupOf(request.run))
    },
  }
}

export interface StandbyParts {
  input: Readable
  say(line: string): void
  sweep(secrets: Readonly<Record<string, string>>): Promise<SweptRun>
  log(line: string): void
}

/** Resolves when the run is settled, by whomever. */
export async function standBy(state: string, run: string, parts: StandbyParts): Promise<void> {
  const ended = Promise.withResolvers<'dismissed' | 'guardian gone'>()
  const order = await listen(parts.input, ended.resolve)
  if (!order) return
  parts.say('ready')
  const isOpen = (): boolean => openRuns(state).includes(run)
  const late = waitUntilBoot(order.deadlineBoot + overdue)
  const why = await Promise.race([ended.promise, late.passed])
  late.stop()
  if (why === 'dismissed' || !isOpen()) return
  parts.log('the standby takes over: the guardian is dead or over its time')
  const { guardian, runner } = order
  // Killed, it may still be ending; stopped, it would keep the lock for ever.
  if (aliveSame(guardian.pid, guardian.start)) process.kill(guardian.pid, 'SIGKILL')
  const since = monotonicMs()
  while (isOpen() && aliveSame(runner.pid, runner.start) && monotonicMs() - since < runnerFirst) await sleep(50)
  while (isOpen()) {
    const { result } = await parts.sweep(order.secrets)
    if (result !== 'held') return
    await sleep(500)
  }
}

/** The order, or null when there comes none; `onEnd` is told what ends the waiting. */
function listen(input: Readable, onEnd: (why: 'dismissed' | 'guardian gone') => void): Promise<StandbyOrder | null> {
  return new Promise((resolve) => {
    const onMessage = (message: StandbyOrder | typeof dismissal): void => {
      if ('say' in message) onEnd('dismissed')
      else resolve(message)
    }
    readMessages<StandbyOrder | typeof dismissal>(input, onMessage, () => resolve(null))
    for (const event of ['close', 'error'] as const)
      input.once(event, () => {
        onEnd('guardian gone')
        resolve(null)
      })
  })
}

/** A timer does not count while the machine sleeps; the boot clock does. */
function waitUntilBoot(until: number): { passed: Promise<void>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setInterval(() => bootMs() > until && resolve(), 1_000)
  return { passed: promise, stop: () => clearInterval(timer) }
}
