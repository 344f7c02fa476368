/** Takes the memory of this machine away. The one that holds it is the kernel's first victim, dies with the guardian, and ends at its deadline. */
import * as z from 'zod/mini'
import { type Amount, amount, once, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { readMemory, residentBytes } from '../../system/memory.ts'
import { inWords } from '../disk/room.ts'
import type { Injector } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'

interface MemorySpec {
  size: Amount
}

type MemoryState = { bytes: number; reserve: number; expiresAt: number }

const mega = 1024 ** 2
/** What the program that holds it needs for itself. */
const least = 16 * mega

const spec = once(() =>
  z.strictObject({
    size: says('How much is taken: a size; or a share of all memory that is in use then, others’ included.', amount, '512MiB', '80%'),
  }),
)

export const memory: Injector<MemorySpec, MemoryState> = {
  type: 'memory',
  places: ['host'],
  holds: 'memory',
  patience: { inject: '120s' },
  get spec() {
    return says('Takes memory away and keeps it in use.', spec()) as unknown as z.core.$ZodType<MemorySpec>
  },
  needs: () => [],
  plan({ size }, _target, context) {
    const { total, available } = readMemory()
    const reserve = Math.min(1024 * mega, Math.max(64 * mega, Math.ceil(total / 20)))
    const bytes = Math.round('bytes' in size ? size.bytes : size.share * total - (total - available))
    if (bytes < least)
      throw new SquallError('no-target', `${inWords(total - available)} of ${inWords(total)} are in use: there is nothing to take`, {
        hint: 'Take a larger share, or say as a size how much.',
      })
    if (available - bytes < reserve)
      throw new SquallError(
        'target-protected',
        `${inWords(bytes)} cannot be taken: ${inWords(available)} are available, and ${inWords(reserve)} are never taken`,
        {
          hint: `Write size: ${Math.max(0, Math.floor((available - reserve) / mega))}MiB or less.`,
        },
      )
    const state: MemoryState = { bytes, reserve, expiresAt: context.deadline.getTime() }
    return Promise.resolve({
      state,
      does: `take ${inWords(bytes)} of memory, so that ${inWords(available - bytes)} of ${inWords(total)} stay available`,
      undoes: 'end the process that holds it',
      steps: [{ does: `start a process that uses ${bytes} bytes`, undoes: 'kill -KILL it' }],
      lock: 'host:memory',
      expires: expiresIn(state.expiresAt),
    })
  },
  async inject({ bytes, reserve, expiresAt }, context) {
    if (stressorsOf(context.mark).length > 0) return
    await startStressor({ entry: 'memory-holder', task: { bytes, reserve }, expiresAt, context })
  },
  rollback: (_state, context) => endStressors(context.mark),
  look(_state, context) {
    const [pid] = stressorsOf(context.mark)
    const size = pid === undefined ? null : residentBytes(pid)
    if (pid === undefined) return Promise.resolve({ active: false, seen: 'no memory is held', ...howEnded(context.mark) })
    const { available } = readMemory()
    return Promise.resolve({
      active: true,
      seen: `${inWords(size ?? 0)} are held, ${inWords(available)} are available`,
    })
  },
}
