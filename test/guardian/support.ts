/** A folder of its own for each test, a journal as a real run writes it, and the world's smallest fault: a value in memory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyInjector, Look } from '../../src/faults/injector.ts'
import type { Engine, Held } from '../../src/guardian/change.ts'
import { createContext } from '../../src/guardian/context.ts'
import { ownIdentity } from '../../src/guardian/identity.ts'
import { createJournal, type Journal, type JournalHeader, type JournalRecord, type PlannedRecord } from '../../src/guardian/journal.ts'
import { markOpen } from '../../src/guardian/open-runs.ts'

export function tempFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'squall-guardian-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function header(run: string): JournalHeader {
  return {
    is: 'header',
    format: 1,
    version: '0.0.0',
    run,
    experiment: 'unit',
    documentHash: 'none',
    folder: '/',
    uid: process.getuid?.() ?? -1,
    identity: ownIdentity(),
    runner: { pid: 0, start: 0 },
    guardian: { pid: 0, start: 0 },
    deadlineBoot: 0,
    deadlineWall: 0,
  }
}

export function planned(key: string, more: Partial<PlannedRecord> = {}): PlannedRecord {
  return { is: 'planned', key, fault: key, type: 'value', target: 'memory', does: 'set it', undoes: 'clear it', state: { key }, ...more }
}

/** The records of a run that went well. */
export function recordsOf(run: string, key = 'one'): JournalRecord[] {
  const { is: _is, ...plan } = planned(key)
  return [
    header(run),
    planned(key),
    { is: 'run', state: 'armed' },
    { ...plan, is: 'injecting' },
    { is: 'saved', key, state: { key, id: 7 } },
    { is: 'change', key, state: 'active' },
    { is: 'change', key, state: 'undoing' },
    { is: 'change', key, state: 'verified', why: 'it is clear' },
    { is: 'run', state: 'closed' },
  ]
}

/** A state folder in which one run lies as a killed guardian left it: injected, not undone. */
export async function leftRun(
  folder: string,
  run = 'r1',
  plan: Partial<PlannedRecord> = {},
): Promise<{ state: string; dir: string; journal: string }> {
  const state = join(folder, 'state')
  const dir = join(state, 'runs', run)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  markOpen(state, run)
  const { is: _is, ...rest } = planned('one', plan)
  const journal = await createJournal(join(dir, 'journal'), header(run))
  for (const record of [planned('one', plan), { is: 'run', state: 'armed' }, { ...rest, is: 'injecting' }] as JournalRecord[])
    await journal.append(record)
  await journal.close()
  return { state, dir, journal: join(dir, 'journal') }
}

/** A fault that is a value in memory. Each part of it can be exchanged. */
export function valueFault(more: Partial<AnyInjector> = {}): AnyInjector & { set: boolean; undone: number } {
  const fault = {
    set: false,
    undone: 0,
    type: 'value',
    places: ['none'] as const,
    settle: '10ms' as const,
    patience: { inject: '200ms' as const, rollback: '200ms' as const },
    spec: undefined as never,
    needs: () => [],
    plan: () => Promise.reject(new Error('it is planned by the test')),
    inject: () => {
      fault.set = true
      return Promise.resolve()
    },
    rollback: () => {
      fault.undone++
      fault.set = false
      return Promise.resolve()
    },
    look: (): Promise<Look> => Promise.resolve({ active: fault.set, seen: fault.set ? 'it is set' : 'it is clear' }),
    ...more,
  }
  return fault as unknown as AnyInjector & { set: boolean; undone: number }
}

/** One planned change in the guardian's hands. */
export function heldChange(injector: AnyInjector, key = 'one', plan: Partial<PlannedRecord> = {}): Held {
  const stopInjecting = new AbortController()
  const context = createContext({
    mark: `run/${key}`,
    deadline: new Date(Date.now() + 60_000),
    signal: stopInjecting.signal,
    folder: '/',
    seed: 1,
    secrets: {},
    log: () => {},
    save: () => Promise.resolve(),
  })
  return {
    plan: planned(key, plan),
    state: { key },
    at: 'planned',
    injector,
    undoer: () => Promise.resolve(injector),
    context,
    stopInjecting,
  }
}

/** A journal in memory that remembers what was appended, or fails from the n-th record on. */
export function memoryJournal(failFrom = Number.POSITIVE_INFINITY): Journal & { records: JournalRecord[] } {
  const records: JournalRecord[] = []
  let broken: Error | null = null
  return {
    records,
    append(record) {
      if (records.length + 1 >= failFrom) broken ??= new Error('no space left on device')
      if (broken) return Promise.reject(broken)
      records.push(record)
      return Promise.resolve()
    },
    get broken() {
      return broken
    },
    close: () => Promise.resolve(),
  }
}

/** What a guardian or a sweep hands to each change; remembers what it was told and which marks it fenced. Tries a rollback for 3 s. */
export function engineFor(more: Partial<Engine> = {}): Engine & { told: string[]; fenced: string[] } {
  const [told, fenced]: [string[], string[]] = [[], []]
  return {
    ...{ told, fenced, journal: memoryJournal(), mayNotInject: () => null, tryFor: 3_000 },
    events: { state: (held, state) => void told.push(`${held.plan.key} ${state}`), look: () => {}, log: () => {} },
    fence: async (mark) => void fenced.push(mark),
    ...more,
  }
}
