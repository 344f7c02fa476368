/** The faults of a run in the guardian's hands: begun and ended by name, undone all together, looked after each second. */
import { SquallError } from '../errors.ts'
import { type Armoury, planAgain, refusalOf, summaryOf } from './arm.ts'
import { type Engine, type Held, injectChange } from './change.ts'
import { endStates, type FromGuardian } from './protocol.ts'
import { undoGroups } from './undo-all.ts'
import { watchFaults } from './watching.ts'

export interface RunFaultsOptions {
  engine: Engine
  /** With the faults that are armed. */
  armoury: Armoury
  send(message: FromGuardian): void
  log(line: string): void
  /** An injection has failed: is it the journal? */
  onBroken(): void
  /** Some undo has come to its end. */
  onUndone(): void
}

export interface RunFaults {
  /** Plans the fault again, injects it and says how that went. */
  begin(name: string): Promise<void>
  /** A fault that is just being planned again does not begin any more. */
  end(names: readonly string[]): Promise<void>
  /** `stagger`: ms that a fault waits at most for the undo of the one after it. */
  undoAll(stagger: number): Promise<void>
  /** Called each second. */
  tick(): void
}

/** None of these reject. */
export function runFaults({ engine, armoury, send, log, onBroken, onUndone }: RunFaultsOptions): RunFaults {
  const { armed, request } = armoury
  /** Asked to end: while a fault is planned again there may be nothing to undo yet, and then it must not begin. */
  const ended = new Set<string>()

  const undo = (groups: readonly (readonly Held[])[], stagger: number): Promise<void> =>
    undoGroups(engine, groups, stagger)
      .then(onUndone)
      .catch((error: Error) => log(`defect: ${error.stack ?? error.message}`))

  const watch = watchFaults({
    engine,
    armed,
    lasts: request.lasts,
    onLate: (late) => void undo([late], 0),
    onNotAdjusted: (held, why) => send({ say: 'not adjusted', key: held.plan.key, why }),
  })

  return {
    async begin(name) {
      ended.delete(name) // What was asked before meant the time before.
      const fault = armed.find((candidate) => candidate.fault.name === name)
      if (!fault) return send({ say: 'failed', fault: name, error: refusalOf(new Error(`there is no fault ${name}`)) })
      try {
        const refused = engine.mayNotInject()
        if (refused) throw new SquallError('not-injected', refused)
        if (fault.held.some((held) => held.at !== 'planned' && !endStates.has(held.at)))
          throw new SquallError('not-injected', 'it cannot begin again before it is gone')
        await planAgain(armoury, fault)
        send({ say: 'replanned', fault: name, changes: fault.held.map(summaryOf), planned: fault.size })
        if (ended.has(name)) throw new SquallError('not-injected', 'it was to end before it had begun')
        watch.begin(name)
        const results = await Promise.allSettled(fault.held.map((held) => injectChange(engine, held)))
        const failed = results.find((result) => result.status === 'rejected')
        if (failed) throw failed.reason
        send({ say: 'injected', fault: name })
      } catch (error) {
        log(`${name}: ${(error as Error).message}`)
        send({ say: 'failed', fault: name, error: refusalOf(error) })
        onBroken()
        // Planning again may have made new changes after an undo of all had begun: these end here too.
        await undo([fault.held], 0)
      }
    },
    end(names) {
      for (const name of names) ended.add(name)
      return undo(
        armed.filter(({ fault }) => names.includes(fault.name)).map(({ held }) => held),
        500,
      )
    },
    undoAll: (stagger) =>
      undo(
        armed.map(({ held }) => held),
        stagger,
      ),
    tick: () => watch.tick(),
  }
}
