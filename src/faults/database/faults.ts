/** Every fault at a database. */
import type { AnyInjector } from '../injector.ts'
import { connections } from './connections.ts'
import { lock } from './lock.ts'
import { readonlyDatabase } from './readonly.ts'
import { pauseDatabase, slowDatabase } from './redis-stop-answering.ts'
import { killDatabase, stopDatabase } from './stop.ts'

export const databaseFaults: readonly AnyInjector[] = [
  stopDatabase,
  killDatabase,
  pauseDatabase,
  connections,
  lock,
  readonlyDatabase,
  slowDatabase,
]
