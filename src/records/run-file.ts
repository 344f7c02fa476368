/** The record of a run while it goes on: one SQLite file, written by one worker thread. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SquallError } from '../errors.ts'
import { within } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { maskedData } from '../system/masking.ts'
import type { Abort, ChangeRecord, PhaseWindow, Sample, TrafficSecond } from './run-data.ts'
import type { Entry } from './run-tables.ts'
import type { RunEnd, RunError, RunEvent, RunStart } from './stored-run.ts'
import type { FromWriter, ToWriter, WriterSettings } from './writer-thread.ts'

export interface RunWriterOptions {
  /** Told once, in words, when something could not be written (a full disk); the run goes on and writing is tried again. */
  onProblem?: (text: string) => void
  /** Bytes the file may grow to; beyond that it counts as a full disk. Default 2 GiB. */
  maxBytes?: number
}

/** None of these wait for the disk and none throws; what arrives is committed within half a second. */
export interface RunWriter {
  start(start: RunStart): void
  /** At a phase's begin with `to: Infinity`, and again with the same `from` when it has ended. */
  phase(window: PhaseWindow): void
  second(second: TrafficSecond): void
  sample(measure: string, sample: Sample): void
  /** Takes the place of all that was told of this measure so far: read again, and complete now. */
  samples(measure: string, samples: readonly Sample[]): void
  /** The newest record of the same fault and target counts. */
  change(change: ChangeRecord): void
  event(event: RunEvent): void
  /** The first abort counts. */
  abort(abort: Abort): void
  /** The first error counts. */
  error(error: RunError): void
  /** The first end counts. */
  finish(end: RunEnd): void
  /** Settles when everything handed over so far is on disk, or could not be brought there (see `problem`). */
  flush(): Promise<void>
  /** Flushes, leaves one plain file behind and ends the thread. */
  close(): Promise<void>
  /** The first problem, or undefined. */
  readonly problem: string | undefined
}

/** Path of a run's record inside its folder. */
export function runFilePath(dir: string): string {
  return join(dir, 'run.db')
}

/** ms that a flush, and that the end of the thread, may take before we go on without. */
const patience = { flush: 5_000, close: 10_000 }

/** Creates the record of run `id` in `dir`. Throws SquallError `record-not-written` when that is impossible. */
export async function openRunWriter(id: string, dir: string, options: RunWriterOptions = {}): Promise<RunWriter> {
  let problem: string | undefined
  const report = (text: string): void => {
    if (problem !== undefined) return
    problem = text
    options.onProblem?.(text)
  }
  const thread = await startThread(dir, options.maxBytes ?? 2 * 1024 ** 3, report)
  // The document holds names of secrets, never values; all other texts come from outside. Seconds are masked where they are made.
  const asIs: ReadonlySet<Entry['put']> = new Set(['start', 'phase', 'second'])
  const put = (entry: Entry): void => thread.send({ entry: asIs.has(entry.put) ? entry : maskedData(entry) })
  let flushes = 0
  return {
    start: (start) => put({ put: 'start', id, start }),
    phase: (window) => put({ put: 'phase', window }),
    second: (second) => put({ put: 'second', second }),
    sample: (measure, sample) => put({ put: 'sample', measure, sample }),
    samples: (measure, samples) => put({ put: 'samples', measure, samples }),
    change: (change) => put({ put: 'change', change }),
    event: (event) => put({ put: 'event', event }),
    abort: (abort) => put({ put: 'abort', abort }),
    error: (error) => put({ put: 'error', error }),
    finish: (end) => put({ put: 'end', end }),
    flush: () => thread.flush(++flushes),
    close: () => thread.close(),
    get problem() {
      return problem
    },
  }
}

interface Thread {
  send(message: ToWriter): void
  flush(number: number): Promise<void>
  close(): Promise<void>
}

async function startThread(dir: string, maxBytes: number, report: (text: string) => void): Promise<Thread> {
  const path = runFilePath(dir)
  const cannot = (why: string): SquallError => new SquallError('record-not-written', `The record ${path} cannot be created: ${why}.`)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw cannot((error as Error).message)
  }
  const settings: WriterSettings = { path, maxBytes }
  // Node 22 calls its SQLite experimental, in each thread anew.
  const worker = new Worker(entryPath('record-writer'), { workerData: settings, execArgv: ['--disable-warning=ExperimentalWarning'] })
  let ended = false
  const waiting = new Map<number, () => void>()
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWriter) => {
      if ('opened' in message) resolve()
      else if ('failed' in message) reject(cannot(message.failed))
      else if ('problem' in message) report(message.problem)
      else if ('flushed' in message) waiting.get(message.flushed)?.()
    })
    worker.on('error', (error: Error) => {
      reject(cannot(error.message))
      report(`The writing thread failed: ${error.message}`)
    })
    worker.on('exit', () => {
      ended = true
      reject(cannot('the writing thread ended'))
      for (const done of waiting.values()) done()
    })
  })
  /** A disk that does not answer must not keep the run from ending. */
  const bounded = async (work: Promise<void>, ms: number, what: string): Promise<boolean> => {
    try {
      await within(work, ms, () => new Error(`${what} took longer than ${ms / 1000} s`))
      return true
    } catch (error) {
      report((error as Error).message)
      return false
    }
  }
  const send = (message: ToWriter): void => {
    if (ended) report('The writing thread has ended; the rest of the run is not recorded')
    else worker.postMessage(message)
  }
  return {
    send,
    async flush(number) {
      if (ended) return
      const done = new Promise<void>((resolve) => waiting.set(number, resolve))
      send({ flush: number })
      await bounded(done, patience.flush, 'Writing the record')
      waiting.delete(number)
    },
    async close() {
      if (ended) return
      send({ close: true })
      if (!(await bounded(exited, patience.close, 'Closing the record'))) await worker.terminate()
    },
  }
}
