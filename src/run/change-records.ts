/** The record of each change of a run, as the guardian's messages fill it; also over the repetitions of a fault. */
import { type ChangeSummary, endStates } from '../guardian/protocol.ts'
import type { ChangeRecord, ChangeState, ChangeTimes, LookRecord } from '../records/run-data.ts'

export interface ChangeRecords {
  /** The changes of a fault were planned, the first time or once more; `planned`: how many targets the preview had. */
  plan(fault: string, changes: readonly ChangeSummary[], planned: number): void
  get(key: string): ChangeRecord | undefined
  /** Those that are in the guardian's hands now. */
  current(fault?: string): ChangeRecord[]
  /** All of them, also at targets of an earlier time that are gone. */
  all(): ChangeRecord[]
}

const timeNames = ['injectedAt', 'activeAt', 'undoAt', 'inactiveAt', 'settledAt'] as const satisfies readonly (keyof ChangeTimes)[]

export function createChangeRecords(): ChangeRecords {
  const records = new Map<string, ChangeRecord>()
  const past: ChangeRecord[] = []

  /** The record that goes on when the same fault acts on the same target once more. */
  function known(fault: string, target: string): ChangeRecord | undefined {
    const at = past.findIndex((record) => record.fault === fault && record.target === target)
    return at === -1 ? undefined : past.splice(at, 1)[0]
  }

  return {
    plan(fault, changes, planned) {
      for (const [key, record] of records) {
        if (record.fault !== fault) continue
        records.delete(key)
        if (timesMade(record).length > 0) past.push(record)
      }
      for (const change of changes) records.set(change.key, again(known(fault, change.target), change))
      const first = changes[0] && records.get(changes[0].key)
      if (first && changes.length < planned) first.weak ??= `${changes.length} of ${planned} planned targets were still there`
    },
    get: (key) => records.get(key),
    current: (fault) => [...records.values()].filter((record) => fault === undefined || record.fault === fault),
    all: () => [...past, ...records.values()],
  }
}

/** A change as planned just now, with what is known of its earlier times. */
function again(before: ChangeRecord | undefined, summary: ChangeSummary): ChangeRecord {
  const { fault, type, target, does, undoes, ramp } = summary
  const fresh: ChangeRecord = { fault, type, target, does, undoes, state: 'planned', looks: [], ...(ramp && { ramp }) }
  if (!before) return fresh
  const { looks, weak, lost, diedByItself } = before
  return {
    ...fresh,
    looks,
    ...(weak !== undefined && { weak }),
    ...(lost !== undefined && { lost }),
    ...(diedByItself !== undefined && { diedByItself }),
    earlier: timesMade(before),
  }
}

/** Every time the change was made, the last one too. */
export function timesMade(record: ChangeRecord): ChangeTimes[] {
  const last = Object.fromEntries(timeNames.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]]))) as ChangeTimes
  return [...(record.earlier ?? []), ...(last.injectedAt === undefined ? [] : [last])]
}

/** Enters a state. A time that never came to be injected is none: the one before is the last then. */
export function enterState(record: ChangeRecord, state: ChangeState, at: number, why?: string): void {
  const before = record.earlier?.at(-1)
  if (endStates.has(state) && record.injectedAt === undefined && before) {
    Object.assign(record, before, { state: record.undoes === '' ? state : 'verified' })
    record.earlier = record.earlier?.slice(0, -1) ?? []
    return
  }
  record.state = state
  if (state === 'injecting') record.injectedAt = at
  else if (state === 'active') record.activeAt = at
  else if (state === 'undoing') record.undoAt = at
  else if (endStates.has(state)) record.settledAt = at
  if (state === 'stuck' || state === 'unverified' || state === 'changed by others') record.error = why ?? state
}

/** Takes in what was seen; notes what makes the fault lost or weak. */
export function enterLook(record: ChangeRecord, look: LookRecord, found: { died?: string | undefined; instant: boolean }): void {
  record.looks.push(look)
  if (look.active === null) return
  if (record.state !== 'active') {
    if (!look.active) record.inactiveAt ??= look.at
    return
  }
  if (found.died !== undefined) record.diedByItself ??= found.died
  else if (!look.active && !found.instant && record.undoes !== '') record.lost ??= look.seen
  if (look.hit && look.hit[0] < look.hit[1]) record.weak ??= `${look.hit[0]} of ${look.hit[1]} targets were hit`
}
