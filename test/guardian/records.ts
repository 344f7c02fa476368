/** Journal records for tests. */

import type { Json } from '../../src/faults/injector.ts'
import { ownIdentity } from '../../src/guardian/identity.ts'
import type { JournalHeader, PlannedRecord } from '../../src/guardian/journal.ts'

export function headerFor(run: string): JournalHeader {
  return {
    is: 'header',
    format: 1,
    version: '0.0.0',
    run,
    experiment: 'test',
    documentHash: 'none',
    folder: '/',
    uid: process.getuid?.() ?? -1,
    identity: ownIdentity(),
    runner: { pid: 1, start: 1 },
    guardian: { pid: 1, start: 1 },
    deadlineBoot: 0,
    deadlineWall: 0,
  }
}

export function plannedFor(key: string, state: Json, more: Partial<PlannedRecord> = {}): PlannedRecord {
  return { is: 'planned', key, fault: key, type: key, target: 'it', does: 'do it', undoes: 'undo it', state, ...more }
}
