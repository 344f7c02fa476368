/** Keeps the disk below a folder busy: workers write and sync as fast as it takes them, within a fixed size. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { count, once, says, size } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { monotonicMs } from '../../system/clock.ts'
import { inWords, reserveOf, roomAt } from '../disk/room.ts'
import { absolutePath } from '../disk/spec.ts'
import type { Injector } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'
import { realFolder } from './disk.ts'

interface IoSpec {
  path: string
  workers: number
  size: number
}

type IoState = { dir: string; name: string; workers: number; size: number; expiresAt: number }

const spec = once(() =>
  z.strictObject({
    path: says('A folder on the disk that is to be busy; absolute.', absolutePath, '/var/lib/orders'),
    workers: says('How many write at the same time; default 4.', z._default(count, 4), 4),
    size: says('How much room each takes, over and over; default 64MiB.', z._default(size, 64 * 1024 ** 2), '64MiB'),
  }),
)

/** Bytes written at the last look, by mark: a pace is a difference over time. */
const seenBefore = new Map<string, { at: number; bytes: number }>()

export const io: Injector<IoSpec, IoState> = {
  type: 'io',
  places: ['host'],
  get spec() {
    return says('Keeps a disk busy with writing.', spec()) as unknown as z.core.$ZodType<IoSpec>
  },
  needs: () => [],
  async plan({ path, workers, size }, _target, context) {
    const dir = realFolder(path)
    const room = await roomAt(dir)
    const takes = workers * size
    if (workers < 1 || size < 4096) throw new SquallError('no-target', 'fewer than one worker, or less than 4KiB, is no load')
    if (room.free - takes < reserveOf(room))
      throw new SquallError(
        'target-protected',
        `${inWords(takes)} for ${workers} workers do not fit at ${path}: ${inWords(room.free)} are free`,
        {
          hint: 'Let there be fewer workers, or let each take less: size: 4MiB.',
        },
      )
    const name = `.squall-${createHash('sha256').update(context.mark).digest('hex').slice(0, 16)}`
    const state: IoState = { dir, name, workers, size, expiresAt: context.deadline.getTime() }
    return {
      state,
      does: `let ${workers} workers write and sync at ${path}, ${inWords(size)} each, over and over`,
      undoes: 'end the workers: their files have no name and go with them',
      steps: [{ does: `start ${workers} workers`, undoes: 'kill -KILL them' }],
      lock: `io:${dir}`,
      expires: expiresIn(state.expiresAt),
      hits: [`everything else that uses the disk of ${path}`],
    }
  },
  async inject({ dir, name, workers, size, expiresAt }, context) {
    for (let running = stressorsOf(context.mark).length; running < workers; running++)
      await startStressor({ entry: 'io-worker', task: { dir, name: `${name}-${running}`, size }, expiresAt, context })
  },
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
