/** What the guardian does each second for the faults that act: look at them, move their dials, end what outlasts its plan. */
import { doseAt } from '../faults/ramp.ts'
import { bootMs } from '../system/clock.ts'
import { type ArmedFault, expirySlack } from './arm.ts'
import { type Engine, type Held, watchChange } from './change.ts'
import { moveDials } from './moving.ts'
import { endStates } from './protocol.ts'

export interface WatchOptions {
  engine: Engine
  armed: readonly ArmedFault[]
  /** ms each fault is planned to last, by its name. */
  lasts: Readonly<Record<string, number>>
  /** These should be over by now and nobody has asked. */
  onLate(held: readonly Held[]): void
  onNotAdjusted(held: Held, why: string): void
}

export interface FaultWatch {
  /** A fault is about to be injected: its time counts from now. */
  begin(fault: string): void
  /** Called each second. */
  tick(): void
}

export function watchFaults({ engine, armed, lasts, onLate, onNotAdjusted }: WatchOptions): FaultWatch {
  /** ms since boot. */
  const begun = new Map<string, number>()
  const lookingAt = new WeakSet<Held>()

  async function attend({ fault, ramp }: ArmedFault, held: Held): Promise<void> {
    lookingAt.add(held)
    await watchChange(engine, held)
    lookingAt.delete(held)
    // After the look: what was seen belongs to the dose of the second before.
    if (!ramp) return
    const elapsed = bootMs() - (begun.get(fault.name) ?? bootMs())
    await moveDials(engine, held, doseAt(ramp, elapsed), (why) => onNotAdjusted(held, why))
  }

  function endLate({ fault, held }: ArmedFault): void {
    const since = begun.get(fault.name)
    const planned = lasts[fault.name]
    if (since === undefined || planned === undefined || bootMs() < since + planned + expirySlack) return
    const late = held.filter((one) => !endStates.has(one.at) && one.givenUp !== true)
    if (late.length > 0) onLate(late)
  }

  return {
    begin: (fault) => void begun.set(fault, bootMs()),
    tick() {
      for (const fault of armed) {
        for (const held of fault.held) if (held.at === 'active' && !lookingAt.has(held)) void attend(fault, held)
        endLate(fault)
      }
    },
  }
}
