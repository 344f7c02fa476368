/** A planned record for tests that look at one change; the header is the one of support.ts. */
import type { Json } from '../../src/faults/injector.ts'
import type { PlannedRecord } from '../../src/guardian/journal.ts'

export function plannedFor(key: string, state: Json, more: Partial<PlannedRecord> = {}): PlannedRecord {
  return { is: 'planned', key, fault: key, type: key, target: 'it', does: 'do it', undoes: 'undo it', state, ...more }
}
