/** The keys of a fault that say when it acts: `after`, `for`, `every`, `ramp`. */
import { type Checking, checkShape } from './check-shape.ts'
import type { Fault } from './experiment.ts'
import type { Path } from './located.ts'
import { formatQuantity } from './quantity.ts'
import { duration } from './schema-types.ts'

export type Timing = Pick<Fault, 'after' | 'for' | 'every' | 'ramp'>

/** ms a rollback takes, with the second look 2 s after it: what must lie between two repetitions. */
const breather = 3_000

export function resolveTiming(checking: Checking, map: Record<string, unknown>, path: Path): Timing {
  const { collect } = checking
  const read = (key: string): number | undefined =>
    map[key] === undefined ? undefined : checkShape(checking, duration, map[key], [...path, key])
  const [after = 0, lasting, every, ramp] = ['after', 'for', 'every', 'ramp'].map(read)
  if (lasting === 0)
    collect.add([...path, 'for'], 'value-not-allowed', 'a fault that lasts no time does nothing', {
      fix: 'write e.g. for: 30s, or leave it out',
    })
  if (every !== undefined) checkEvery(checking, every, map.for === undefined ? null : lasting, [...path, 'every'])
  if (ramp !== undefined) checkRamp(checking, ramp, lasting, [...path, 'ramp'])
  return {
    after,
    ...(lasting !== undefined && { for: lasting }),
    ...(every !== undefined && { every }),
    ...(ramp !== undefined && { ramp }),
  }
}

/** `lasting`: null when the fault does not say, undefined when what it says cannot be read. */
function checkEvery({ collect }: Checking, every: number, lasting: number | null | undefined, path: Path): void {
  if (lasting === null)
    return collect.add(path, 'every-without-for', 'a fault that begins again must say how long it lasts each time', {
      fix: `add e.g. for: ${time(every >= 3_000 ? 1000 * Math.floor(every / 3_000) : Math.max(1, every / 3))}`,
    })
  if (!lasting) return
  const enough = time(lasting + breather)
  if (every <= lasting)
    collect.add(
      path,
      'every-too-short',
      `counts from one beginning to the next: with for: ${time(lasting)} the fault would never be gone`,
      {
        fix: `write ${enough} or more`,
      },
    )
  else if (every < lasting + breather)
    collect.add(path, 'every-too-short', `leaves ${time(every - lasting)} to roll back and to look twice: the next time would begin late`, {
      fix: `write ${enough} or more`,
      severity: 'warning',
    })
}

function checkRamp({ collect }: Checking, ramp: number, lasting: number | undefined, path: Path): void {
  if (ramp === 0)
    return collect.add(path, 'value-not-allowed', 'a ramp that takes no time is a jump', {
      fix: 'write e.g. ramp: 30s, or one value instead of a range',
    })
  if (lasting !== undefined && lasting > 0 && ramp > lasting)
    collect.add(path, 'ramp-too-long', `the fault is gone after ${time(lasting)}: the ramp would never arrive`, {
      fix: `write ${time(lasting)} or less`,
    })
}

function time(ms: number): string {
  return formatQuantity(Math.round(ms), 'ms')
}
