/** `squall report RUN… [--format html|md|junit|json] [--out FILE]`: what was found, to hand to people or to other programs. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SquallError } from '../errors.ts'
import type { ShownRun } from '../report/words.ts'
import type { Command } from './context.ts'
import { trustLines } from './false-alarms.ts'
import { type ReportFormat, reportFormats } from './report-formats.ts'
import { storedRun } from './stored-run.ts'

const report: Command<{ out?: string; format?: string }> = async (wanted, { out, format: name = 'html' }, context) => {
  const format = formatNamed(name)
  const runs = await storedRuns(wanted.length > 0 ? wanted : ['last'], context)
  const reports = format.single ? runs.map((run) => [run]) : [runs]
  if (out !== undefined && reports.length > 1)
    throw new SquallError('usage', `${name} holds one run, and ${runs.length} were named`, {
      hint: 'Leave --out out: each run gets a file of its own. Or take --format md, junit or json.',
    })
  const mustBeJson = context.json && name !== 'json'
  if (out === '-' || (out === undefined && format.printed && !mustBeJson)) {
    if (mustBeJson) throw new SquallError('usage', 'stdout takes the report or --json, not both', { hint: 'Give a file with --out.' })
    context.out(await format.render(runs))
    return 0
  }
  const files: string[] = []
  for (const group of reports) {
    const [first] = group as [Run]
    files.push(write(out ?? `${first.experiment.name}-${first.id}.${format.extension}`, await format.render(group)))
  }
  const ids = runs.map(({ id }) => id)
  context.out(context.json ? JSON.stringify({ schema: 'squall.report/1', format: name, ids, files }, null, 2) : files.join('\n'))
  return 0
}
export default report

type Run = ShownRun

function formatNamed(name: string): ReportFormat {
  const format = reportFormats.get(name)
  if (format) return format
  throw new SquallError('usage', `--format ${name}: there is no such format`, {
    hint: `Formats are ${[...reportFormats.keys()].join(', ')}.`,
  })
}

async function storedRuns(wanted: readonly string[], context: Parameters<Command>[2]): Promise<Run[]> {
  const runs: Run[] = []
  for (const id of wanted) {
    const run = await storedRun(id, context)
    runs.push({ ...run, trust: await trustLines(run) })
  }
  return runs
}

/** Returns the absolute path. */
function write(name: string, text: string): string {
  const file = resolve(name)
  try {
    writeFileSync(file, text)
    return file
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SquallError('report-not-written', `the report cannot be written to ${file}: ${code ?? message}`, { cause: error })
  }
}
