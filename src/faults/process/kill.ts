/** Ends a process. With `restart`, the rollback starts it again, but never beside an instance that a supervisor has started. */
import * as z from 'zod/mini'
import type { TargetQuery } from '../../document/experiment.ts'
import { argv, duration, says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { allowedEnvironment, findProgram, signalGroup, startChild } from '../../system/children.ts'
import { sleep, wallMs } from '../../system/clock.ts'
import { aliveSame, readEnvironment, readStat } from '../../system/proc.ts'
import type { Injector } from '../injector.ts'
import { findProcesses, isSqualls } from './find.ts'
import { mustBeOurs, type ProcessState, processLock, processState, stillThere } from './identity.ts'

const signals = ['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'ABRT', 'SEGV'] as const

const spec = z.strictObject({
  signal: says(`${signals.join(', ')}; default KILL.`, z.optional(z.enum(signals))),
  grace: says('After another signal than KILL: how long until KILL follows; without it, it never does.', z.optional(duration)),
  restart: says('The program that starts it again at the rollback, unless a supervisor has done so.', z.optional(argv)),
  env: says('Names of environment variables that the restarted program gets.', z.optional(z.array(text))),
})

interface KillSpec {
  signal?: (typeof signals)[number]
  grace?: number
  restart?: string[]
  env?: string[]
}

interface KillState extends ProcessState {
  signal: string
  grace: number | null
  restart: string[] | null
  env: string[]
  folder: string
  /** What names the victim and its successors; the number of them before the fault. */
  query: string
  before: number
  /** ms since the epoch; null: not known, then the rollback waits the whole time. */
  killedAt: number | null
  /** The victim's SQUALL_LABELS, so that its successor is found by the same labels. */
  labels: string | null
  /** What an earlier try has started: pid and start time. It may need a while until it matches. */
  restarted: [number, number] | null
}

/** ms after the kill in which a supervisor may start its own replacement before we do. */
const supervisorWait = 1_000

export const kill: Injector<KillSpec, KillState> = {
  type: 'kill',
  places: ['process'],
  holds: 'process',
  instant: true,
  spec: says('Ends the process; with `restart`, the rollback starts it again.', spec) as unknown as z.core.$ZodType<KillSpec>,
  needs: ({ restart }) => (restart && !restart[0]?.includes('/') ? [{ command: restart[0] as string }] : []),
  plan(spec, target, context) {
    const query = JSON.stringify(target.facts.query ?? { name: target.facts.comm })
    const state: KillState = {
      ...processState(target),
      signal: spec.signal ?? 'KILL',
      grace: spec.grace ?? null,
      restart: spec.restart ? absoluteRestart(spec.restart, context.folder) : null,
      env: spec.env ?? [],
      folder: context.folder,
      query,
      before: matching(query),
      killedAt: null,
      labels: readEnvironment(Number(target.facts.pid))?.get('SQUALL_LABELS') ?? null,
      restarted: null,
    }
    if (!stillThere(state)) throw new SquallError('no-target', `${target.name} has ended`)
    mustBeOurs(state)
    return Promise.resolve({
      state,
      does: `end ${target.name} with SIG${state.signal}`,
      undoes: state.restart ? `start it again with ${state.restart.join(' ')}, unless a supervisor has` : '',
      steps: [{ does: `kill -${state.signal} ${state.pid}`, undoes: state.restart?.join(' ') ?? '' }],
      lock: processLock(state),
    })
  },
  async inject(state, context) {
    context.signal.throwIfAborted()
    if (!stillThere(state)) throw new SquallError('no-target', `${state.name} has ended`)
    process.kill(state.pid, `SIG${state.signal}` as NodeJS.Signals)
    if (state.restart) await context.save({ ...state, killedAt: wallMs() })
    if (state.grace === null || state.signal === 'KILL') return
    await sleep(state.grace, context.signal)
    if (!context.signal.aborted && stillThere(state)) process.kill(state.pid, 'SIGKILL')
  },
  async rollback(state, context) {
    if (!state.restart || stillThere(state)) return
    if (state.restarted && aliveSame(...state.restarted)) {
      // A supervisor was slower than our wait: then there is one too many, and ours is it.
      if (matching(state.query) > state.before) signalGroup(state.restarted[0], 'SIGKILL')
      return
    }
    const ours = Math.min(wallMs(), state.killedAt ?? wallMs()) + supervisorWait
    while (matching(state.query) < state.before && wallMs() < ours) await sleep(50)
    if (matching(state.query) >= state.before) return
    const started = start(state, state.restart)
    await context.save({ ...state, restarted: [started, readStat(started)?.start ?? 0] })
  },
  look(state) {
    const name = state.name
    if (stillThere(state)) return Promise.resolve({ active: false, seen: `${name} runs` })
    if (!state.restart) return Promise.resolve({ active: true, seen: `${name} has ended` })
    const now = matching(state.query)
    const surplus = now > state.before && state.restarted !== null && aliveSame(...state.restarted) !== null
    const seen = `${name} has ended; ${now} of ${state.before} like it run${surplus ? ', ours beside a supervisor’s' : ''}`
    return Promise.resolve({ active: now < state.before || surplus, seen })
  },
}

function matching(query: string): number {
  return findProcesses(JSON.parse(query) as TargetQuery).filter(({ stat }) => !isSqualls(stat.pid)).length
}

function absoluteRestart([program = '', ...rest]: readonly string[], folder: string): string[] {
  const found = findProgram(program.includes('/') && !program.startsWith('/') ? `${folder}/${program}` : program)
  if (!found) throw new SquallError('program-missing', `the program ${program}, which is to start it again, is not there`)
  return [found, ...rest]
}

function start(state: KillState, restart: string[]): number {
  const child = startChild({
    argv: restart as [string, ...string[]],
    cwd: state.folder,
    env: { ...allowedEnvironment(state.env), ...(state.labels === null ? {} : { SQUALL_LABELS: state.labels }) },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  if (child.pid === undefined || !readStat(child.pid)) throw new Error(`${restart.join(' ')} could not be started`)
  child.process.unref()
  return child.pid
}
