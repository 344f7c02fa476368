/**
 * Keeps processors busy with duty-cycled workers. Each hears a new load on its standard input, ends by itself at its deadline whether or not
 * anybody still writes there, and is the kernel's first victim for memory.
 */
import { availableParallelism } from 'node:os'
import type { Writable } from 'node:stream'
import * as z from 'zod/mini'
import { count, says, share } from '../document/schema-types.ts'
import { startChild } from '../system/children.ts'
import { monotonicMs, wallMs } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { ticksPerSecond } from '../system/proc.ts'
import type { Context, Injector, Look } from './injector.ts'
import { findByMark, killByMark } from './marks.ts'
import { expiresIn } from './stressor.ts'

export const cpuSpec = z.strictObject({
  load: says('How busy each processor is kept: 5% to 100%.', share),
  cores: says('How many processors; default all.', z.optional(count)),
})

export interface CpuSpec {
  load: number
  cores?: number
}

export type CpuState = { load: number; workers: number; expiresAt: number }

/** CPU ticks of the workers at the last look, by mark: a load is a difference over time. */
const seenBefore = new Map<string, { at: number; ticks: number; pids: string }>()

/** Where the workers that this process has started hear their new load, by mark. Whoever else undoes the fault needs no such thing. */
const listening = new Map<string, Writable[]>()

/** What is planned at every place: the state, and the words without the place. */
export function plannedLoad({ load, cores }: CpuSpec, { deadline }: Pick<Context<never>, 'deadline'>) {
  const workers = Math.min(cores ?? availableParallelism(), availableParallelism())
  const state: CpuState = { load, workers, expiresAt: deadline.getTime() }
  return {
    state,
    does: `keep ${workers} of ${availableParallelism()} processors ${Math.round(load * 100)} % busy`,
    undoes: 'end the workers that keep them busy',
    steps: [{ does: `start ${workers} workers of ${Math.round(load * 100)} % each`, undoes: 'kill -KILL them' }],
    expires: expiresIn(state.expiresAt),
  }
}

/** `place`: puts a worker, by its pid, where it is to count; and the process whose end ends it too. */
export interface WorkerPlace {
  owner: { pid: number; start: number }
  put(pid: number): void
}

/** Asked twice: brings the number up to what is wanted, not beyond. */
export function startLoad(state: CpuState, context: Pick<Context<never>, 'mark' | 'signal'>, place?: WorkerPlace): void {
  const mark = `${context.mark}/effect`
  const owner = place ? [String(place.owner.pid), String(place.owner.start)] : []
  for (let running = findByMark(mark).length; running < state.workers; running++) {
    context.signal.throwIfAborted()
    const lasts = String(Math.max(0, state.expiresAt - wallMs()))
    const child = startChild({
      argv: [process.execPath, entryPath('cpu-worker'), String(state.load), lasts, ...owner],
      mark,
      dieWithParent: true,
      oomFirst: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.process?.unref()
    const { stdin } = child.process ?? {}
    stdin?.on('error', () => {}) // It has ended: the look tells.
    if (stdin) listening.set(context.mark, [...(listening.get(context.mark) ?? []), stdin])
    if (child.pid !== undefined) place?.put(child.pid)
  }
}

/** Without a moment in which nothing is busy. */
export const adjustLoad: NonNullable<Injector<CpuSpec, CpuState>['adjust']> = (_state, { load }, context) => {
  const workers = (listening.get(context.mark) ?? []).filter((stdin) => stdin.writable)
  if (workers.length === 0) return Promise.reject(new Error('no worker listens any more'))
  for (const stdin of workers) stdin.write(`${load}\n`)
  return Promise.resolve()
}

export async function endLoad(_state: unknown, { mark }: { mark: string }): Promise<void> {
  await killByMark(`${mark}/effect`)
  seenBefore.delete(mark)
  listening.delete(mark)
}

export function lookAtLoad({ workers: asked }: CpuState, { mark }: { mark: string }): Promise<Look> {
  const workers = findByMark(`${mark}/effect`)
  const ticks = workers.reduce((sum, worker) => sum + worker.cpuTicks, 0)
  const pids = workers.map(({ pid }) => pid).join()
  const at = monotonicMs()
  const last = seenBefore.get(mark)
  if (!last || last.pids !== pids || at - last.at >= 900) seenBefore.set(mark, { at, ticks, pids })
  const hit: [number, number] = [workers.length, asked]
  if (workers.length === 0) return Promise.resolve({ active: false, seen: 'no worker runs', hit })
  if (!last || last.pids !== pids || at - last.at < 900)
    return Promise.resolve({ active: true, seen: `${workers.length} of ${asked} workers run`, hit })
  const load = (ticks - last.ticks) / ticksPerSecond / ((at - last.at) / 1000) / asked
  return Promise.resolve({
    active: true,
    seen: `${workers.length} of ${asked} workers keep their processors ${Math.round(load * 100)} % busy`,
    hit,
    dose: { load },
  })
}
