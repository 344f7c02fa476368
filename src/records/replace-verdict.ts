/** Another verdict for a run that is over: only when somebody asks for it, and never without a word in the record. */
import { readRun } from './read-run.ts'
import { runFilePath } from './run-file.ts'
import { closeRunTables, openRunTables } from './run-tables.ts'
import type { RunEnd } from './stored-run.ts'

/** Throws as `readRun` does, and what SQLite throws. */
export function replaceVerdict(dir: string, end: RunEnd, text: string): void {
  const { startedAt } = readRun(dir)
  const tables = openRunTables(runFilePath(dir), { busyMs: 5000 })
  try {
    tables.put({ put: 'verdict', end })
    const at = Math.max(0, Date.parse(end.endedAt) - Date.parse(startedAt))
    tables.put({ put: 'event', event: { at, level: 'warn', text } })
  } finally {
    closeRunTables(tables)
  }
}
