/** `pause`: a process stands still (SIGSTOP) as if the machine had frozen: connections stay open, nothing is answered. */
import { readdirSync } from 'node:fs'
import { z } from 'zod'
import { SquallError } from '../../errors.ts'
import { startChild } from '../../system/children.ts'
import { wallMs, within } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import { aliveSame, readStat } from '../../system/proc.ts'
import type { Change, Context, Injector, Look } from '../injector.ts'
import { findByMark, killByMark } from '../marks.ts'
import { identityOf, type ProcessIdentity, processLock, signalSame } from './identity.ts'

const spec = z.strictObject({})
type Spec = z.infer<typeof spec>

/** ms the timer may take to be ready; it starts a Node process on a machine that may be busy. */
const timerLimit = 10_000

export const pause: Injector<Spec, ProcessIdentity> = {
  type: 'pause',
  places: ['process'],
  spec,
  needs: () => [],

  async plan(_spec, target, context): Promise<Change<ProcessIdentity>> {
    const state = identityOf(target)
    const stat = aliveSame(state.pid, state.start)
    if (!stat) throw new SquallError('no-target', `${target.name} has ended`)
    if (isStopped(stat.state)) throw new SquallError('already-stopped', `${target.name} is stopped already: continuing it is not Squall's business`)
    return {
      state,
      does: `stop ${target.name} (SIGSTOP)`,
      undoes: `continue ${target.name} (SIGCONT)`,
      lock: processLock(state),
      expires: `after ${Math.ceil(millisecondsLeft(context) / 1000)} s`,
    }
  },

  async inject(state, context) {
    if (!aliveSame(state.pid, state.start)) throw new SquallError('fault-failed', `${state.name} has ended before it could be stopped`)
    // The timer first: from the moment of the stop on there is somebody who continues it, whoever dies.
    if (findByMark(effectMark(context)).length === 0) await startTimer(state, context)
    if (context.signal.aborted) return
    if (!signalSame(state, 'SIGSTOP')) throw new SquallError('fault-failed', `${state.name} has ended before it could be stopped`)
  },

  async rollback(state, context) {
    const stat = aliveSame(state.pid, state.start)
    if (stat && isStopped(stat.state)) signalSame(state, 'SIGCONT')
    await killByMark(effectMark(context))
  },

  async look(state, context): Promise<Look> {
    const stat = aliveSame(state.pid, state.start)
    if (!stat) return { active: false, seen: `${state.name} has ended`, hit: [0, 1], died: `${state.name} has ended` }
    const threads = threadStates(state.pid)
    const stopped = threads.filter(isStopped).length
    if (isStopped(stat.state) && stopped === threads.length) {
      return { active: true, seen: `${state.name} is stopped, ${stopped} of ${threads.length} threads`, hit: [1, 1] }
    }
    const seen = `${state.name} runs, state ${stat.state}`
    // The timer goes with our rollback. While it is there and the process runs, somebody else has continued it.
    if (stopped > 0 || findByMark(effectMark(context)).length === 0) return { active: stopped > 0, seen, hit: [0, 1] }
    return { active: false, seen: `${seen}: continued by someone else`, hit: [0, 1], changed: `${state.name} was continued by someone else` }
  },
}

/** T: by a signal; t: by a debugger. */
function isStopped(state: string): boolean {
  return state === 'T' || state === 't'
}

function threadStates(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readStat(Number(thread))?.state ?? [])
  } catch {
    return [] // It has just ended.
  }
}

function effectMark(context: Context<ProcessIdentity>): string {
  return `${context.mark}/effect`
}

function millisecondsLeft(context: Context<ProcessIdentity>): number {
  return Math.max(0, context.deadline.getTime() - wallMs())
}

/** Starts the detached process that continues the target at the deadline, and waits until it stands ready. */
async function startTimer(state: ProcessIdentity, context: Context<ProcessIdentity>): Promise<void> {
  const child = startChild({
    argv: [process.execPath, entryPath('pause-timer'), String(state.pid), String(state.start), String(millisecondsLeft(context))],
    mark: effectMark(context),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const output = child.process?.stdout
  const ready = new Promise<boolean>((resolve) => {
    output?.once('data', () => resolve(true))
    void child.exited.then(() => resolve(false))
  })
  const stands = await within(ready, timerLimit, () => new SquallError('fault-failed', 'the timer that would end the pause did not start in time'))
  output?.destroy()
  child.process?.unref()
  if (!stands) throw new SquallError('fault-failed', 'the timer that would end the pause could not be started')
}
