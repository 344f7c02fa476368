/** Reading a journal back: damaged or torn records are left out and counted, never misread. */
import type { Json } from '../faults/injector.ts'
import type { ChangeState } from '../records/run-data.ts'
import { checksum, type JournalHeader, type JournalRecord, type PlannedRecord } from './journal.ts'
import { endStates, unsettledStates } from './protocol.ts'

export interface JournalContent {
  header: JournalHeader | null
  records: JournalRecord[]
  /** Records that were there but could not be read. */
  damaged: number
  /** Offset behind the last byte that was written. */
  end: number
  size: number
}

const newline = 10

export function parseJournal(bytes: Buffer): JournalContent {
  const end = lastWritten(bytes) + 1
  const records: JournalRecord[] = []
  let damaged = 0
  let at = bytes.indexOf(newline)
  if (at > 0) damaged++
  while (at !== -1 && at < end) {
    const next = bytes.indexOf(newline, at + 1)
    const stop = next === -1 ? end : Math.min(next, end)
    const record = parseRecord(bytes.subarray(at + 1, stop))
    if (record) records.push(record)
    else damaged++
    at = next
  }
  const header = records.find((record): record is JournalHeader => record.is === 'header') ?? null
  return { header, records, damaged, end, size: bytes.length }
}

function lastWritten(bytes: Buffer): number {
  let at = bytes.length - 1
  while (at >= 0 && bytes[at] === 0) at--
  return at
}

function parseRecord(segment: Buffer): JournalRecord | null {
  const nul = segment.indexOf(0)
  const text = (nul === -1 ? segment : segment.subarray(0, nul)).toString('utf8')
  const json = text.slice(9)
  if (text[8] !== ' ' || checksum(json) !== text.slice(0, 8)) return null
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && 'is' in value ? (value as JournalRecord) : null
  } catch {
    return null
  }
}

/** What the journal says of one change, folded over its records. */
export interface JournaledChange {
  plan: PlannedRecord
  /** The newest saved state. */
  state: Json
  at: ChangeState
  /** How the time before ended, of a fault that was planned once more and has not begun again. */
  before?: ChangeState
}

export interface JournaledRun {
  header: JournalHeader
  changes: JournaledChange[]
  closed: boolean
  damaged: number
}

/** Null when even the header is unreadable: nothing can be known about the run then. */
export function foldJournal(content: JournalContent): JournaledRun | null {
  if (!content.header) return null
  const changes = new Map<string, JournaledChange>()
  let closed = false
  for (const record of content.records) {
    if (record.is === 'planned' || record.is === 'injecting') {
      const before = record.is === 'planned' ? endOf(changes.get(record.key)) : undefined
      changes.set(record.key, { plan: { ...record, is: 'planned' }, state: record.state, at: record.is, ...(before && { before }) })
    } else if (record.is === 'saved') {
      const change = changes.get(record.key)
      if (change) change.state = record.state
    } else if (record.is === 'change') {
      const change = changes.get(record.key)
      if (change) change.at = (record.state === 'nothing to undo' && change.before) || record.state
    } else if (record.is === 'run') {
      closed = record.state === 'closed'
    }
  }
  return { header: content.header, changes: [...changes.values()], closed, damaged: content.damaged }
}

function endOf(change: JournaledChange | undefined): ChangeState | undefined {
  return change && (endStates.has(change.at) ? change.at : change.before)
}

/** The changes a sweep must look at. A damaged journal may hide anything: then all of them. */
export function changesToLookAt(run: JournaledRun): JournaledChange[] {
  if (run.damaged > 0) return run.changes
  return run.changes.filter((change) => unsettledStates.has(change.at))
}
