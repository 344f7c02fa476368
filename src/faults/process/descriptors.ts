/** Lets a process open no more files and sockets: its own soft limit is lowered to what it has open, and raised again. */
import { readdirSync, readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { count, once, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { runChild } from '../../system/children.ts'
import { listPids, readStat } from '../../system/proc.ts'
import type { Injector } from '../injector.ts'
import { expiresIn } from '../stressor.ts'
import { mustBeOurs, type ProcessState, processLock, processState, stillThere } from './identity.ts'
import { endWatchdog, startWatchdog } from './watchdog.ts'

interface DescriptorsSpec {
  leave?: number
}

export interface DescriptorsState extends ProcessState {
  soft: string
  hard: string
  ours: number
  /** ms since the epoch when the timer gives them back, whoever is dead by then. */
  expiresAt: number
}

const spec = once(() => z.strictObject({ leave: says('How many more it may open; default 0.', z._default(count, 0), 0, 10) }))

export const descriptors: Injector<DescriptorsSpec, DescriptorsState> = {
  type: 'descriptors',
  places: ['process'],
  holds: 'limit of descriptors',
  get spec() {
    return says('Lets the process open no more files and sockets.', spec()) as unknown as z.core.$ZodType<DescriptorsSpec>
  },
  needs: () => [{ command: 'prlimit' }],
  plan({ leave = 0 }, target, context) {
    const place = processState(target)
    if (!stillThere(place)) throw new SquallError('no-target', `${target.name} has ended`)
    mustBeOurs(place)
    const now = limitsOf(place.pid)
    if (!now) throw new SquallError('no-target', `${target.name} has ended`)
    const ours = limitWith(openIn(place.pid), leave)
    if (Number(now.soft) <= ours)
      throw new SquallError('no-target', `${target.name} may open only ${now.soft} files already: there is nothing to take`)
    const state: DescriptorsState = { ...place, ...now, ours, expiresAt: context.deadline.getTime() }
    return Promise.resolve({
      state,
      does: `let ${target.name} open ${leave === 0 ? 'no file or socket' : `${leave} files or sockets`} more (limit ${now.soft} becomes ${ours})`,
      undoes: `set its limit to ${now.soft} again`,
      steps: [{ does: commandFor(place.pid, ours, now.hard).join(' '), undoes: commandFor(place.pid, now.soft, now.hard).join(' ') }],
      lock: `${processLock(place)}:descriptors`,
      expires: expiresIn(state.expiresAt),
    })
  },
  async inject(state, context) {
    await startWatchdog({ entry: 'descriptors-timer', args: [JSON.stringify(state)], expiresAt: state.expiresAt }, context)
    context.signal.throwIfAborted()
    await setLimit(state.pid, state.ours, state.hard, context.mark)
  },
  async rollback(state, context) {
    await giveBack(state)
    await endWatchdog(context)
  },
  look(state) {
    const now = stillThere(state) && limitsOf(state.pid)
    if (!now)
      return Promise.resolve({ active: false, seen: `${state.name} has ended`, died: `${state.name} ended while it had no descriptors` })
    if (now.soft === String(state.ours)) {
      const open = openIn(state.pid)
      return Promise.resolve({ active: true, seen: `${open.size} are open, the limit is ${now.soft}` })
    }
    const changed = now.soft === state.soft ? {} : { changed: `the limit is ${now.soft} by now, which is neither ours nor what it was` }
    return Promise.resolve({ active: false, seen: `the limit is ${now.soft}`, ...changed })
  },
}

/** Where the limit is ours: what somebody else has set meanwhile stays. */
export async function giveBack(state: DescriptorsState): Promise<void> {
  if (!stillThere(state)) return
  // What it has started meanwhile has inherited the limit.
  for (const pid of [state.pid, ...descendantsOf(state.pid)]) {
    const now = limitsOf(pid)
    if (now?.soft === String(state.ours) && now.hard === state.hard) await setLimit(pid, state.soft, state.hard).catch(unlessGone(pid))
  }
}

/** Numbers of its open descriptors. */
function openIn(pid: number): Set<number> {
  try {
    return new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  } catch {
    throw new SquallError('no-permission', `the open files of process ${pid} are not ours to see`)
  }
}

/** The limit is on the number, and new ones get the lowest that is free: holes count. */
function limitWith(open: ReadonlySet<number>, leave: number): number {
  let limit = 0
  for (let free = 0; free < leave || (leave === 0 && open.has(limit)); limit++) if (!open.has(limit)) free++
  return limit
}

function limitsOf(pid: number): { soft: string; hard: string } | null {
  try {
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1')) ?? []
    return soft && hard ? { soft, hard } : null
  } catch {
    return null
  }
}

function commandFor(pid: number, soft: number | string, hard: string): [string, ...string[]] {
  return ['prlimit', '--pid', String(pid), `--nofile=${soft}:${hard}`]
}

async function setLimit(pid: number, soft: number | string, hard: string, mark?: string): Promise<void> {
  const ran = await runChild({ argv: commandFor(pid, soft, hard), timeLimit: 5_000, ...(mark !== undefined && { mark: `${mark}/inject` }) })
  if (ran.code !== 0) throw new Error(`prlimit: ${ran.failed?.message ?? ran.stderr.trim()}`)
}

function unlessGone(pid: number): (error: Error) => void {
  return (error) => {
    if (readStat(pid)) throw error
  }
}

function descendantsOf(pid: number): number[] {
  const parents = new Map(listPids().map((one) => [one, readStat(one)?.ppid]))
  const found = new Set([pid])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const [one, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(one)
  }
  found.delete(pid)
  return [...found]
}
