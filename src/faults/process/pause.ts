/** Freezes a process with SIGSTOP. Connections stay open and are accepted by the kernel, but nobody answers. */
import * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import type { Injector } from '../injector.ts'
import { expiresIn } from '../stressor.ts'
import { mustBeOurs, type ProcessState, processLock, processState, stillThere } from './identity.ts'
import { endWatchdog, startWatchdog } from './watchdog.ts'

interface PauseState extends ProcessState {
  /** ms since the epoch when the timer continues the process, whoever is dead by then. */
  expiresAt: number
}

export const pause: Injector<Record<string, never>, PauseState> = {
  type: 'pause',
  places: ['process'],
  holds: 'process',
  spec: says('Freezes the process (SIGSTOP): its connections stay open, nobody answers.', z.strictObject({})) as never,
  needs: () => [],
  plan(_spec, target, context) {
    const state: PauseState = { ...processState(target), expiresAt: context.deadline.getTime() }
    const stat = stillThere(state)
    if (!stat) throw new SquallError('no-target', `${target.name} has ended`)
    mustBeOurs(state)
    if (isStopped(stat.state))
      throw new SquallError('already-stopped', `${target.name} is stopped already: it would not be ours to continue`)
    return Promise.resolve({
      state,
      does: `stop ${target.name} with SIGSTOP`,
      undoes: `continue ${target.name} with SIGCONT`,
      steps: [{ does: `kill -STOP ${state.pid}`, undoes: `kill -CONT ${state.pid}` }],
      lock: processLock(state),
      expires: expiresIn(state.expiresAt),
    })
  },
  async inject(state, context) {
    await startWatchdog({ entry: 'pause-timer', args: [String(state.pid), String(state.start)], expiresAt: state.expiresAt }, context)
    context.signal.throwIfAborted()
    if (!stillThere(state)) throw new SquallError('no-target', `${state.name} has ended`)
    process.kill(state.pid, 'SIGSTOP')
  },
  async rollback(state, context) {
    // Sent even when it does not look stopped: a SIGSTOP of a moment ago may still be on its way, and SIGCONT takes it back.
    if (stillThere(state)) process.kill(state.pid, 'SIGCONT')
    await endWatchdog(context)
  },
  look(state) {
    const stat = stillThere(state)
    const name = state.name
    if (!stat) return Promise.resolve({ active: false, seen: `${name} has ended`, died: `${name} ended while it was paused` })
    const active = isStopped(stat.state)
    return Promise.resolve({ active, seen: `${name} is in state ${stat.state}${active ? ' (stopped)' : ''}` })
  },
}

function isStopped(state: string): boolean {
  return state === 'T'
}
