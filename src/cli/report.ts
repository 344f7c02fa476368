/** `squall report RUN [--out FILE]`: one HTML page to hand to others. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SquallError } from '../errors.ts'
import { renderHtml } from '../report/html.ts'
import type { Command } from './context.ts'
import { storedRun } from './stored-run.ts'

const report: Command<{ out?: string }> = async ([wanted = 'last'], { out }, context) => {
  const run = await storedRun(wanted, context)
  const file = resolve(out ?? `${run.experiment.name}-${run.id}.html`)
  try {
    writeFileSync(file, renderHtml(run))
  } catch (error) {
    throw new SquallError(
      'report-not-written',
      `the report cannot be written to ${file}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
      {
        cause: error,
      },
    )
  }
  context.out(context.json ? JSON.stringify({ schema: 'squall.report/1', id: run.id, file }, null, 2) : file)
  return 0
}
export default report
