/** Moving the dials of a fault that acts: by the guardian's own clock, so that a runner that hangs does not freeze a ramp. */
import { within } from '../system/clock.ts'
import type { Engine, Held } from './change.ts'

/** ms one adjustment may take. */
const adjustLimit = 10_000
/** Adjustments in a row that fail until the fault counts as weaker than asked: the next second often makes one good. */
const tooMany = 2

/**
 * Asks for this dose from now on. Nothing is moved once the fault is being undone, nor when nothing may be injected any more.
 * Never rejects; `onFailure` is told when it fails again and again.
 */
export async function moveDials(engine: Engine, held: Held, dose: Record<string, number>, onFailure: (why: string) => void): Promise<void> {
  if (held.adjusting || held.at !== 'active' || held.stopInjecting.signal.aborted || engine.mayNotInject()) return
  held.asked = dose
  const { adjust } = held.injector
  if (!adjust) return
  // What the rollback needs does not change with the dose: it works from the planned state. Ids learnt on the way go through `save`.
  const adjusting = (async () => adjust.call(held.injector, held.state, dose, held.context))()
  held.adjusting = adjusting
  let hangs = true
  const over = (): void => {
    hangs = false
    delete held.adjusting
  }
  adjusting.then(over, over)
  try {
    await within(adjusting, adjustLimit, () => new Error(`it took longer than ${adjustLimit / 1000} s`))
    held.misses = 0
  } catch (error) {
    if (held.stopInjecting.signal.aborted) return // It was given up because the fault is being undone.
    held.misses = (held.misses ?? 0) + 1
    engine.events.log(`${held.plan.key}: not adjusted: ${(error as Error).message}`)
    if (held.misses === tooMany || hangs) onFailure((error as Error).message)
  }
}
