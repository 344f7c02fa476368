/** `squall export RUN`: everything that was kept of a run, as one JSON document on stdout. */
import { exportRun } from '../report/export.ts'
import type { Command } from './context.ts'
import { storedRun } from './stored-run.ts'

const exportCommand: Command = async ([wanted = 'last'], _options, context) => {
  context.out(exportRun(await storedRun(wanted, context)))
  return 0
}
export default exportCommand
