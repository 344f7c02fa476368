/** Closes the record of one run whose runner is dead; started by its guardian when everything is rolled back. */
import { basename, dirname } from 'node:path'
import { changesFromJournal, judgeLost } from '../cli/housekeeping.ts'
import { closeLostRun } from '../records/lost-runs.ts'

const dir = process.argv[2] ?? ''
const changes = changesFromJournal(dir)
const why = 'the runner was lost before the run had ended'
await closeLostRun(basename(dir), { by: 'runner lost', why, judge: judgeLost, ...(changes ? { changes } : {}) }, dirname(dirname(dir)))
