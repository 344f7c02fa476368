/** Numbered migrations of an SQLite file; `user_version` says how many it has had. */
import type { DatabaseSync } from 'node:sqlite'
import { SquallError } from '../errors.ts'

/**
 * Brings a file to the newest version. Any number of processes may do so at once: each step is taken under the write lock.
 * Throws SquallError `record-too-new` for a file of a later Squall, and what SQLite throws (also *busy*).
 */
export function migrate(db: DatabaseSync, migrations: readonly string[]): void {
  if (checkedVersion(db, migrations.length) === migrations.length) return
  db.exec('begin immediate')
  try {
    for (const sql of migrations.slice(checkedVersion(db, migrations.length))) db.exec(sql)
    db.exec(`pragma user_version = ${migrations.length}`)
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

/** The file's version. Throws SquallError `record-too-new` when it is beyond `newest`. */
export function checkedVersion(db: DatabaseSync, newest: number): number {
  const version = Number(db.prepare('pragma user_version').get()?.user_version)
  if (version > newest) {
    throw new SquallError(
      'record-too-new',
      `${db.location() ?? 'A record'} was written by a newer Squall (format ${version}; this one knows ${newest}).`,
    )
  }
  return version
}
