/** The writing half of a run's record, in a thread of its own: the disk must not make the guard's clock stand still. */
import type { MessagePort } from 'node:worker_threads'
import { closeRunTables, type Entry, openRunTables, type RunTables } from './run-tables.ts'
import { isStorageFailure, reasonOf } from './sqlite-errors.ts'

export interface WriterSettings {
  path: string
  maxBytes: number
}

export type ToWriter = { entry: Entry } | { flush: number } | { close: true }
export type FromWriter = { opened: true } | { failed: string } | { problem: string } | { flushed: number }

/** ms an entry waits at most for its commit. */
const commitEvery = 400
/** ms until a failed batch is tried again. */
const retryEvery = 1000
/** Entries kept in memory while the disk refuses them; beyond that the oldest are given up. */
const backlogLimit = 4000

export function serveRunWriter(port: MessagePort, settings: WriterSettings): void {
  const say = (message: FromWriter): void => port.postMessage(message)
  let tables: RunTables
  try {
    tables = openRunTables(settings.path, { maxBytes: settings.maxBytes })
  } catch (error) {
    say({ failed: reasonOf(error) })
    port.close()
    return
  }
  let pending: Entry[] = []
  let timer: NodeJS.Timeout | undefined

  const commit = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (pending.length === 0) return
    const failure = writeBatch(tables, pending, (entry, error) => say({ problem: `A ${entry.put} could not be kept: ${reasonOf(error)}` }))
    if (failure === undefined) {
      pending = []
      return
    }
    say({ problem: reasonOf(failure) })
    const excess = pending.length - backlogLimit
    if (excess > 0) {
      pending = [...pending.slice(0, 1), ...pending.slice(1 + excess)] // The first is the run's own row.
    }
    timer = setTimeout(commit, retryEvery)
  }

  port.on('message', (message: ToWriter) => {
    if ('entry' in message) {
      pending.push(message.entry)
      timer ??= setTimeout(commit, commitEvery)
    } else if ('flush' in message) {
      commit()
      say({ flushed: message.flush })
    } else {
      commit()
      clearTimeout(timer)
      try {
        closeRunTables(tables)
      } catch (error) {
        say({ problem: `The record could not be closed: ${reasonOf(error)}` })
      }
      port.close()
    }
  })
  say({ opened: true })
}

/** All or nothing. An entry that SQLite will never take is reported and left out; a failure of the disk is returned. */
function writeBatch(tables: RunTables, entries: readonly Entry[], refused: (entry: Entry, error: unknown) => void): unknown {
  try {
    tables.db.exec('begin immediate')
    for (const entry of entries) {
      try {
        tables.put(entry)
      } catch (error) {
        if (isStorageFailure(error) || !tables.db.isTransaction) throw error
        refused(entry, error)
      }
    }
    tables.db.exec('commit')
    return undefined
  } catch (error) {
    if (tables.db.isTransaction) tables.db.exec('rollback')
    return error
  }
}
