/** The faults of a run as the runner sees them: asks the guardian, keeps the record of each change, knows when all is over. */
import type { Fault } from '../document/experiment.ts'
import type { GuardianClient } from '../guardian/client.ts'
import { type ChangeSummary, endStates, type FromGuardian, type Refusal } from '../guardian/protocol.ts'
import type { ChangeRecord, ChangeState } from '../records/run-data.ts'
import { doseShortfall } from './dose.ts'

export interface FaultControlOptions {
  faults: readonly Fault[]
  /** ms since the run's start. */
  at(): number
  /** Types whose faults are over once done: for them "no longer active" is no loss. */
  isInstant(type: string): boolean
  onChange(change: ChangeRecord, at: number): void
  /** The guardian rolls back by itself. */
  onRollingBack(why: string, by: Extract<FromGuardian, { say: 'rolling back' }>['by']): void
  onClosed(): void
}

export interface FaultControl {
  /** Wired to the guardian before it is armed. */
  receive(message: FromGuardian): void
  attach(client: GuardianClient): void
  /** A state learnt from the journal, when the guardian does not talk to us any more. */
  learn(key: string, state: ChangeState): void
  /** Resolves when the fault is seen active, or with the reason it is not. */
  inject(fault: string): Promise<Refusal | null>
  rollBack(faults: string[] | undefined, why: string): void
  changes(): ChangeRecord[]
  /** ms since the run's start of the first `injecting`. */
  readonly firstInjectingAt: number | null
  /** Nothing is active any more by the look of it, or is known to be stuck. Polled by the engine. */
  allInactive(): boolean
  /** Every change has an end, or is known to be stuck. */
  allKnown(): boolean
  /** ms since the run's start: first undo, and the last first-inactive look. */
  rollbackWindow(): { from: number; to: number } | null
}

export function createFaultControl(options: FaultControlOptions): FaultControl {
  const records = new Map<string, ChangeRecord>()
  const waiting = new Map<string, (refusal: Refusal | null) => void>()
  const asked = new Map(options.faults.map((fault) => [fault.name, fault.spec]))
  let client: GuardianClient | null = null
  let firstInjectingAt: number | null = null

  const add = (summary: ChangeSummary): void => {
    const { key, fault, type, target, does, undoes } = summary
    records.set(key, { fault, type, target, does, undoes, state: 'planned', looks: [] })
  }
  const settleInject = (fault: string, refusal: Refusal | null): void => {
    waiting.get(fault)?.(refusal)
    waiting.delete(fault)
  }

  function replan(fault: string, changes: readonly ChangeSummary[], planned: number): void {
    for (const [key, record] of records) if (record.fault === fault) records.delete(key)
    for (const change of changes) add(change)
    const first = changes[0] && records.get(changes[0].key)
    if (first && changes.length < planned) first.weak = `${changes.length} of ${planned} planned targets were still there`
  }

  function enter(record: ChangeRecord, state: ChangeState, why?: string): void {
    const at = options.at()
    record.state = state
    if (state === 'injecting') {
      record.injectedAt = at
      firstInjectingAt ??= at
    } else if (state === 'active') record.activeAt = at
    else if (state === 'undoing') record.undoAt = at
    else if (endStates.has(state)) record.settledAt = at
    if (state === 'stuck' || state === 'unverified' || state === 'changed by others') record.error = why ?? state
    options.onChange(record, at)
  }

  function see(record: ChangeRecord, message: Extract<FromGuardian, { say: 'look' }>): void {
    const at = options.at()
    const { look } = message
    record.looks.push(
      look
        ? { at, active: look.active, seen: look.seen, ...(look.hit ? { hit: look.hit } : {}), ...(look.dose ? { dose: look.dose } : {}) }
        : { at, active: null, seen: message.why ?? 'it could not be told' },
    )
    if (record.state === 'active' && look) {
      if (look.died) record.diedByItself ??= look.died
      else if (!look.active && !options.isInstant(record.type) && record.undoes !== '') record.lost ??= look.seen
      if (look.hit && look.hit[0] < look.hit[1]) record.weak ??= `${look.hit[0]} of ${look.hit[1]} targets were hit`
    } else if (look && !look.active) record.inactiveAt ??= at
    options.onChange(record, at)
  }

  return {
    receive(message) {
      if (message.say === 'change') {
        const record = records.get(message.key)
        if (record) enter(record, message.state, message.why)
      } else if (message.say === 'look') {
        const record = records.get(message.key)
        if (record) see(record, message)
      } else if (message.say === 'replanned') replan(message.fault, message.changes, message.planned)
      else if (message.say === 'injected') settleInject(message.fault, null)
      else if (message.say === 'failed') settleInject(message.fault, message.error)
      else if (message.say === 'rolling back') options.onRollingBack(message.why, message.by)
      else if (message.say === 'closed') options.onClosed()
    },
    attach(guardian) {
      client = guardian
      for (const change of guardian.changes) add(change)
    },
    learn(key, state) {
      const record = records.get(key)
      if (record && record.state !== state) enter(record, state)
    },
    inject(fault) {
      return new Promise((resolve) => {
        waiting.set(fault, resolve)
        client?.send({ say: 'inject', fault })
      })
    },
    rollBack: (faults, why) => client?.send({ say: 'rollback', why, ...(faults ? { faults } : {}) }),
    changes() {
      for (const record of records.values()) {
        const weak = doseShortfall(record.looks, asked.get(record.fault) ?? {})
        if (weak) record.weak ??= weak
      }
      return [...records.values()]
    },
    get firstInjectingAt() {
      return firstInjectingAt
    },
    allInactive: () => [...records.values()].every((record) => record.state !== 'injecting' && record.state !== 'active' && isOver(record)),
    allKnown: () => [...records.values()].every((record) => endStates.has(record.state) || record.state === 'stuck'),
    rollbackWindow() {
      const all = [...records.values()].filter((record) => record.undoAt !== undefined)
      if (all.length === 0) return null
      const to = Math.max(...all.map((record) => record.inactiveAt ?? record.settledAt ?? options.at()))
      return { from: Math.min(...all.map((record) => record.undoAt as number)), to }
    },
  }
}

function isOver(record: ChangeRecord): boolean {
  return record.state === 'planned' || record.state === 'stuck' || endStates.has(record.state) || record.inactiveAt !== undefined
}
