/**
 * Keeps processors busy with duty-cycled workers. Each hears a new load on its standard input, ends by itself at its deadline whether or not
 * anybody still writes there, and is the kernel's first victim for memory.
 */
import { availableParallelism } from 'node:os'
import type { Writable } from 'node:stream'
import * as z from 'zod/mini'
import { count, says, share } from '../../document/schema-types.ts'
import { startChild } from '../../system/children.ts'
import { monotonicMs, wallMs } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import { ticksPerSecond } from '../../system/proc.ts'
import type { Injector } from '../injector.ts'
import { findByMark, killByMark } from '../marks.ts'

const spec = z.strictObject({
  load: says('How busy each processor is kept: 5% to 100%.', share),
  cores: says('How many processors; default all.', z.optional(count)),
})

interface CpuSpec {
  load: number
  cores?: number
}

type CpuState = { load: number; workers: number; expiresAt: number }

/** CPU ticks of the workers at the last look, by mark: a load is a difference over time. */
const seenBefore = new Map<string, { at: number; ticks: number; pids: string }>()

/** Where the workers that this process has started hear their new load, by mark. Whoever else undoes the fault needs no such thing. */
const listening = new Map<string, Writable[]>()

export const cpu: Injector<CpuSpec, CpuState> = {
  type: 'cpu',
  places: ['host'],
  holds: 'processors',
  dials: ['load'],
  spec: says('Keeps processors busy.', spec) as unknown as z.core.$ZodType<CpuSpec>,
  needs: () => [],
  plan({ load, cores }, _target, context) {
    const workers = Math.min(cores ?? availableParallelism(), availableParallelism())
    const state: CpuState = { load, workers, expiresAt: context.deadline.getTime() }
    const seconds = Math.max(0, Math.round((state.expiresAt - wallMs()) / 1000))
    return Promise.resolve({
      state,
      does: `keep ${workers} of ${availableParallelism()} processors ${Math.round(load * 100)} % busy`,
      undoes: 'end the workers that keep them busy',
      lock: 'host:cpu',
      expires: `after ${seconds} s`,
    })
  },
  async inject(state, context) {
    const mark = `${context.mark}/effect`
    // Asked twice: bring the number up to what is wanted, not beyond.
    for (let running = findByMark(mark).length; running < state.workers; running++) {
      context.signal.throwIfAborted()
      const child = startChild({
        argv: [process.execPath, entryPath('cpu-worker'), String(state.load), String(Math.max(0, state.expiresAt - wallMs()))],
        mark,
        dieWithParent: true,
        oomFirst: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      child.process?.unref()
      const { stdin } = child.process ?? {}
      stdin?.on('error', () => {}) // It has ended: the look tells.
      if (stdin) listening.set(context.mark, [...(listening.get(context.mark) ?? []), stdin])
    }
    await Promise.resolve()
  },
  adjust(_state, { load }, context) {
    const workers = (listening.get(context.mark) ?? []).filter((stdin) => stdin.writable)
    if (workers.length === 0) return Promise.reject(new Error('no worker listens any more'))
    for (const stdin of workers) stdin.write(`${load}\n`)
    return Promise.resolve()
  },
  async rollback(_state, context) {
    await killByMark(`${context.mark}/effect`)
    seenBefore.delete(context.mark)
    listening.delete(context.mark)
  },
  look(state, context) {
    const workers = findByMark(`${context.mark}/effect`)
    const ticks = workers.reduce((sum, worker) => sum + worker.cpuTicks, 0)
    const pids = workers.map(({ pid }) => pid).join()
    const at = monotonicMs()
    const last = seenBefore.get(context.mark)
    if (!last || last.pids !== pids || at - last.at >= 900) seenBefore.set(context.mark, { at, ticks, pids })
    const hit: [number, number] = [workers.length, state.workers]
    if (workers.length === 0) return Promise.resolve({ active: false, seen: 'no worker runs', hit })
    if (!last || last.pids !== pids || at - last.at < 900)
      return Promise.resolve({ active: true, seen: `${workers.length} of ${state.workers} workers run`, hit })
    const load = (ticks - last.ticks) / ticksPerSecond / ((at - last.at) / 1000) / state.workers
    return Promise.resolve({
      active: true,
      seen: `${workers.length} of ${state.workers} workers keep their processors ${Math.round(load * 100)} % busy`,
      hit,
      dose: { load },
    })
  },
}
