/** Keeps the disk below a folder busy: workers write and sync as fast as it takes them, within a fixed size. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { count, once, says, size } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { monotonicMs } from '../../system/clock.ts'
import { inWords, reserveOf, roomAt } from '../disk/room.ts'
import { absolutePath } from '../disk/spec.ts'
import type { Change, Context, Injector } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'
import { realFolder } from './disk.ts'

export interface IoSpec {
  path: string
  workers: number
  size: number
}

/** Where the folder is: as this machine reaches it and as people know it; in a container its mounts and its first process. */
export type IoFolder = {
  dir: string
  shown: string
  mounts: number[] | null
  owner: { pid: number; start: number; boot: string } | null
}

export type IoState = IoFolder & { name: string; workers: number; size: number; expiresAt: number }

/** What `io-worker` is told. */
export type IoTask = Pick<IoState, 'dir' | 'name' | 'size' | 'mounts' | 'owner'>

const spec = once(() =>
  z.strictObject({
    path: says('A folder on the disk that is to be busy; absolute.', absolutePath, '/var/lib/orders'),
    workers: says('How many write at the same time; default 4.', z._default(count, 4), 4),
    size: says('How much room each takes, over and over; default 64MiB.', z._default(size, 64 * 1024 ** 2), '64MiB'),
  }),
)

/** Bytes written at the last look, by mark: a pace is a difference over time. */
const seenBefore = new Map<string, { at: number; bytes: number }>()

export function ioSpec(sentence: string): z.core.$ZodType<IoSpec> {
  return says(sentence, spec()) as unknown as z.core.$ZodType<IoSpec>
}

/** @throws SquallError `no-target`, `target-protected` */
export async function planIo(folder: IoFolder, { workers, size }: IoSpec, context: Context<IoState>): Promise<Change<IoState>> {
  const { dir, shown } = folder
  const room = await roomAt(dir)
  const takes = workers * size
  if (workers < 1 || size < 4096) throw new SquallError('no-target', 'fewer than one worker, or less than 4KiB, is no load')
  if (room.free - takes < reserveOf(room))
    throw new SquallError(
      'target-protected',
      `${inWords(takes)} for ${workers} workers do not fit at ${shown}: ${inWords(room.free)} are free`,
      {
        hint: 'Let there be fewer workers, or let each take less: size: 4MiB.',
      },
    )
  const name = `.squall-${createHash('sha256').update(context.mark).digest('hex').slice(0, 16)}`
  const state: IoState = { ...folder, name, workers, size, expiresAt: context.deadline.getTime() }
  return {
    state,
    does: `let ${workers} workers write and sync at ${shown}, ${inWords(size)} each, over and over`,
    undoes: 'end the workers: their files have no name and go with them',
    steps: [{ does: `start ${workers} workers`, undoes: 'kill -KILL them' }],
    lock: `io:${dir}`,
    expires: expiresIn(state.expiresAt),
    hits: [`everything else that uses the disk of ${shown}`],
  }
}

/** `put`: where a worker, by its pid, is to count. */
export async function startIo(
  { dir, size, mounts, owner, name, workers, expiresAt }: IoState,
  context: Context<IoState>,
  put?: (pid: number) => void,
): Promise<void> {
  for (let running = stressorsOf(context.mark).length; running < workers; running++) {
    const told: IoTask = { dir, size, mounts, owner, name: `${name}-${running}` }
    await startStressor({ entry: 'io-worker', task: told, expiresAt, context, put })
  }
}

export const io: Injector<IoSpec, IoState> = {
  type: 'io',
  places: ['host'],
  get spec() {
    return ioSpec('Keeps a disk busy with writing.')
  },
  needs: () => [],
  plan: async (spec, _target, context) =>
    planIo({ dir: realFolder(spec.path), shown: spec.path, mounts: null, owner: null }, spec, context),
  inject: (state, context) => startIo(state, context),
  async rollback(_state, context) {
    await endStressors(context.mark)
    seenBefore.delete(context.mark)
  },
  look({ workers }, context) {
    const alive = stressorsOf(context.mark)
    const hit: [number, number] = [alive.length, workers]
    if (alive.length === 0) return Promise.resolve({ active: false, seen: 'no worker runs', hit, ...howEnded(context.mark) })
    const now = { at: monotonicMs(), bytes: alive.reduce((sum, pid) => sum + writtenBy(pid), 0) }
    const last = seenBefore.get(context.mark)
    if (!last || now.at - last.at >= 900) seenBefore.set(context.mark, now)
    const pace = last && now.at - last.at >= 900 ? Math.max(0, (now.bytes - last.bytes) / ((now.at - last.at) / 1000)) : null
    const seen = `${alive.length} of ${workers} workers write${pace === null ? '' : `, ${inWords(pace)} a second`}`
    return Promise.resolve({ active: true, seen, hit })
  },
}

function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0 // It has just ended.
  }
}
