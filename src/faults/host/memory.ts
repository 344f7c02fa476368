/** Takes the memory of this machine away. The one that holds it is the kernel's first victim, dies with the guardian, and ends at its deadline. */
import * as z from 'zod/mini'
import { type Amount, amount, once, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { type Memory, machineMemory, readMemory, residentBytes } from '../../system/memory.ts'
import { inWords } from '../disk/room.ts'
import type { Change, Context, Injector } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'

export interface MemorySpec {
  size: Amount
}

/** Bytes; the reserves are what stays available, in its cgroup and in the machine. */
export type MemoryState = { bytes: number; reserve: number; machineReserve: number; expiresAt: number }

const mega = 1024 ** 2
/** What the program that holds it needs for itself. */
const least = 16 * mega

const spec = once(() =>
  z.strictObject({
    size: says('How much is taken: a size; or a share of all memory that is in use then, others’ included.', amount, '512MiB', '80%'),
  }),
)

export function memorySpec(sentence: string): z.core.$ZodType<MemorySpec> {
  return says(sentence, spec()) as unknown as z.core.$ZodType<MemorySpec>
}

/** What is never taken: 5 %, at least `floor`, at most 1 GiB. Bytes. */
function reserveOf({ total }: Memory, floor: number): number {
  return Math.min(1024 * mega, Math.max(floor, Math.ceil(total / 20)))
}

/**
 * Of `memory`, of which a share is meant and `floor` bytes stay in any case; the machine's own reserve stays too.
 * @throws SquallError `no-target`, `target-protected`
 */
export function planMemory(
  { size }: MemorySpec,
  memory: Memory,
  floor: number,
  context: Pick<Context<never>, 'deadline'>,
): Change<MemoryState> {
  const { total } = memory
  const machine = machineMemory()
  const [reserve, machineReserve] = [reserveOf(memory, floor), reserveOf(machine, 64 * mega)]
  const bytes = Math.round('bytes' in size ? size.bytes : size.share * total - (total - memory.available))
  if (bytes < least)
    throw new SquallError('no-target', `${inWords(total - memory.available)} of ${inWords(total)} are in use: there is nothing to take`, {
      hint: 'Take a larger share, or say as a size how much.',
    })
  const tight = machine.available - machineReserve < memory.available - reserve
  const [available, kept] = tight ? [machine.available, machineReserve] : [memory.available, reserve]
  if (available - bytes < kept)
    throw new SquallError(
      'target-protected',
      `${inWords(bytes)} cannot be taken: ${inWords(available)} are available, and ${inWords(kept)} are never taken`,
      {
        hint: `Write size: ${Math.max(0, Math.floor((available - kept) / mega))}MiB or less.`,
      },
    )
  const expiresAt = context.deadline.getTime()
  return {
    state: { bytes, reserve, machineReserve, expiresAt },
    does: `take ${inWords(bytes)} of memory, so that ${inWords(memory.available - bytes)} of ${inWords(total)} stay available`,
    undoes: 'end the process that holds it',
    steps: [{ does: `start a process that uses ${bytes} bytes`, undoes: 'kill -KILL it' }],
    expires: expiresIn(expiresAt),
  }
}

/** What the process that holds it has of it. */
export function heldBy(mark: string): number | null {
  const [pid] = stressorsOf(mark)
  return pid === undefined ? null : (residentBytes(pid) ?? 0)
}

export const memory: Injector<MemorySpec, MemoryState> = {
  type: 'memory',
  places: ['host'],
  holds: 'memory',
  patience: { inject: '120s' },
  get spec() {
    return memorySpec('Takes memory away and keeps it in use.')
  },
  needs: () => [],
  plan: async (spec, _target, context) => ({ ...planMemory(spec, readMemory(), 64 * mega, context), lock: 'host:memory' }),
  async inject({ expiresAt, ...task }, context) {
    if (stressorsOf(context.mark).length > 0) return
    await startStressor({ entry: 'memory-holder', task, expiresAt, context })
  },
  rollback: (_state, context) => endStressors(context.mark),
  look(_state, context) {
    const held = heldBy(context.mark)
    if (held === null) return Promise.resolve({ active: false, seen: 'no memory is held', ...howEnded(context.mark) })
    return Promise.resolve({ active: true, seen: `${inWords(held)} are held, ${inWords(readMemory().available)} are available` })
  },
}
