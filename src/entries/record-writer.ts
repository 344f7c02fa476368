/** Worker thread: the one writer of a run's file. Takes entries, commits them in batches, says what went wrong. */
import { parentPort, workerData } from 'node:worker_threads'
import { serveRunWriter, type WriterSettings } from '../records/writer-thread.ts'

if (!parentPort) throw new Error('record-writer is a worker thread')
serveRunWriter(parentPort, workerData as WriterSettings)
