/** The faults of a run as the runner sees them: asks the guardian, keeps the record of each change, knows when all is over. */
import type { Fault } from '../document/experiment.ts'
import type { GuardianClient } from '../guardian/client.ts'
import { endStates, type FromGuardian, type Refusal } from '../guardian/protocol.ts'
import type { ChangeRecord, ChangeState, LookRecord } from '../records/run-data.ts'
import { createChangeRecords, enterLook, enterState } from './change-records.ts'

export interface FaultControlOptions {
  faults: readonly Fault[]
  /** ms since the run's start. */
  at(): number
  /** Faults (by name) that are over once done: for them "no longer active" is no loss. */
  isInstant(fault: string): boolean
  onChange(change: ChangeRecord, at: number): void
  /** The guardian rolls back by itself. */
  onRollingBack(why: string, by: Extract<FromGuardian, { say: 'rolling back' }>['by']): void
  onProxyDied(died: Extract<FromGuardian, { say: 'proxy died' }>): void
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
  /** The states of a fault's changes, as planned last. */
  states(fault: string): ChangeState[]
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
  const records = createChangeRecords()
  const waiting = new Map<string, (refusal: Refusal | null) => void>()
  let client: GuardianClient | null = null
  let firstInjectingAt: number | null = null

  const settleInject = (fault: string, refusal: Refusal | null): void => {
    waiting.get(fault)?.(refusal)
    waiting.delete(fault)
  }

  function enter(record: ChangeRecord, state: ChangeState, why?: string): void {
    const at = options.at()
    enterState(record, state, at, why)
    if (state === 'injecting') firstInjectingAt ??= at
    options.onChange(record, at)
  }

  function see(record: ChangeRecord, { look, why, asked }: Extract<FromGuardian, { say: 'look' }>): void {
    const at = options.at()
    const { hit, dose } = look ?? {}
    const seen: LookRecord = {
      ...{ at, active: look?.active ?? null, seen: look?.seen ?? why ?? 'it could not be told' },
      ...(hit && { hit }),
      ...(dose && { dose }),
      ...(asked && record.state === 'active' && { asked }),
    }
    enterLook(record, seen, { died: look?.died, instant: options.isInstant(record.fault) })
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
      } else if (message.say === 'not adjusted') {
        const record = records.get(message.key)
        if (record) record.weak ??= `it could not be adjusted: ${message.why}`
      } else if (message.say === 'replanned') records.plan(message.fault, message.changes, message.planned)
      else if (message.say === 'injected') settleInject(message.fault, null)
      else if (message.say === 'failed') settleInject(message.fault, message.error)
      else if (message.say === 'rolling back') options.onRollingBack(message.why, message.by)
      else if (message.say === 'proxy died') options.onProxyDied(message)
      else if (message.say === 'closed') options.onClosed()
    },
    attach(guardian) {
      client = guardian
      for (const { name } of options.faults) {
        const changes = guardian.changes.filter((change) => change.fault === name)
        records.plan(name, changes, changes.length)
      }
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
    changes: () => records.all(),
    states: (fault) => records.current(fault).map((record) => record.state),
    get firstInjectingAt() {
      return firstInjectingAt
    },
    allInactive: () => records.current().every((record) => record.state !== 'injecting' && record.state !== 'active' && isOver(record)),
    allKnown: () => records.current().every((record) => endStates.has(record.state) || record.state === 'stuck'),
    rollbackWindow() {
      const all = records.current().filter((record) => record.undoAt !== undefined)
      if (all.length === 0) return null
      const to = Math.max(...all.map((record) => record.inactiveAt ?? record.settledAt ?? options.at()))
      return { from: Math.min(...all.map((record) => record.undoAt as number)), to }
    },
  }
}

function isOver(record: ChangeRecord): boolean {
  return record.state === 'planned' || record.state === 'stuck' || endStates.has(record.state) || record.inactiveAt !== undefined
}
