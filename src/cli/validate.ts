/** `squall validate FILE…`: reads documents and says what is wrong with them. Changes nothing, starts nothing. */
import { dirname } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import type { Experiment } from '../document/experiment.ts'
import { loadDocument } from '../document/load.ts'
import { formatProblems } from '../document/problem-text.ts'
import type { Problem } from '../document/problems.ts'
import { isJudged } from '../document/resolve-measures.ts'
import { parseVars } from '../document/variables.ts'
import { SquallError } from '../errors.ts'
import type { Command } from './context.ts'
import { annotateProblems, type GithubOption } from './github.ts'
import { type ProjectOptions, readProject } from './project.ts'

interface FileReport {
  file: string
  valid: boolean
  name?: string
  judged?: number
  faults?: number
  hash?: string
  problems: Problem[]
}

const validate: Command<{ var?: string[]; color?: boolean } & GithubOption & ProjectOptions> = async (files, options, context) => {
  if (files.length === 0) throw new SquallError('usage', 'validate needs at least one file.', { hint: 'squall validate FILE…' })
  const vars = parseVars(options.var)
  const color = options.color !== false && !process.env.NO_COLOR && process.stderr.isTTY === true
  const reports: FileReport[] = []
  for (const file of files) {
    const found = await readProject(dirname(file), options)
    const loaded = found.ok ? await loadDocument(file, { vars, catalogue: documentCatalogue, project: found.project }) : found
    const report: FileReport = loaded.ok
      ? { file, valid: true, ...counts(loaded.experiment), problems: loaded.warnings }
      : { file, valid: false, problems: loaded.problems }
    reports.push(report)
    await annotateProblems(report.problems, options, context.err)
    if (context.json) {
      if (loaded.ok) report.hash = loaded.hash()
      continue
    }
    if (report.problems.length > 0) context.err(formatProblems(report.problems, { color }))
    if (report.valid)
      context.out(
        `${file} is valid: ${report.name}, ${plural(report.judged ?? 0, 'measure')} judged, ${plural(report.faults ?? 0, 'fault')}\n`,
      )
    else context.err(`${file} is not valid: ${plural(report.problems.filter((problem) => problem.severity === 'error').length, 'error')}\n`)
  }
  const valid = reports.every((report) => report.valid)
  if (context.json) context.out(`${JSON.stringify({ valid, files: reports })}\n`)
  return valid ? 0 : 2
}

export default validate

function counts(experiment: Experiment): { name: string; judged: number; faults: number } {
  return { name: experiment.name, judged: experiment.measures.filter(isJudged).length, faults: experiment.faults.length }
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
