/** kysely on node:sqlite: kysely's own SQLite dialect asks for a database of a small shape, which this gives it. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { SqliteDialect } from 'kysely'

export function nodeSqliteDialect(db: DatabaseSync): SqliteDialect {
  return new SqliteDialect({
    database: {
      close: () => db.close(),
      prepare(sql) {
        const statement = db.prepare(sql)
        const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[]
        return {
          reader: statement.columns().length > 0,
          // Rows of node:sqlite have no prototype; ours are plain objects like those of any other database.
          all: (parameters) => statement.all(...values(parameters)).map((row) => ({ ...row })),
          run: (parameters) => statement.run(...values(parameters)),
          iterate: (parameters) => statement.iterate(...values(parameters)),
        }
      },
    },
  })
}
