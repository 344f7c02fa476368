/** `squall validate FILE…`: reads documents and says what is wrong with them. Changes nothing, starts nothing. */
import { dirname } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import type { Experiment } from '../document/experiment.ts'
import { type Loaded, type LoadOptions, loadDocument, loadDocumentText } from '../document/load.ts'
import { formatProblems } from '../document/problem-text.ts'
import type { Problem } from '../document/problems.ts'
import { largestDocument, textOf } from '../document/read-text.ts'
import { isJudged } from '../document/resolve-measures.ts'
import { parseVars } from '../document/variables.ts'
import { SquallError } from '../errors.ts'
import { readStdin } from '../system/stdin.ts'
import type { Command, CommandContext } from './context.ts'
import { experimentFiles } from './experiment-files.ts'
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

/** So many problems of one document are shown; `--json` gives all. */
const mostShown = 50
const piped = '<stdin>'

const validate: Command<{ var?: string[]; color?: boolean } & GithubOption & ProjectOptions> = async (args, options, context) => {
  const files = documents(args)
  const vars = parseVars(options.var)
  const color = options.color !== false && !process.env.NO_COLOR && process.stderr.isTTY === true
  const reports: FileReport[] = []
  for (const file of files) {
    const found = await readProject(dirname(file), options)
    const loaded = found.ok ? await load(file, { vars, catalogue: documentCatalogue, project: found.project }) : found
    const report: FileReport = loaded.ok
      ? { file, valid: true, ...counts(loaded.experiment), ...(context.json && { hash: loaded.hash() }), problems: loaded.warnings }
      : { file, valid: false, problems: loaded.problems }
    reports.push(report)
    await annotateProblems(report.problems, options, context.err)
    if (context.json) continue
    show(report, color, context)
    if (files.length > 1 && report.problems.length > 0) context.err('')
  }
  const valid = reports.filter((report) => report.valid).length
  if (context.json) context.out(JSON.stringify({ schema: 'squall.validate/1', valid: valid === files.length, files: reports }, null, 2))
  else if (files.length > 1) context.out(`${files.length} documents: ${valid} valid, ${files.length - valid} not`)
  return valid === files.length ? 0 : 2
}

export default validate

/** Throws `usage` when nothing is named, and `file-not-readable` for a folder without experiments. */
function documents(args: readonly string[]): string[] {
  if (args.length === 0) throw new SquallError('usage', 'validate needs at least one file.', { hint: 'squall validate FILE…' })
  return args.flatMap((arg) => {
    if (arg === '-') return [piped]
    const found = experimentFiles(arg)
    if (found.length > 0) return found
    throw new SquallError('file-not-readable', `${arg} holds no experiment in YAML or JSON.`, {
      hint: 'Name the file itself, or squall init.',
    })
  })
}

async function load(file: string, options: LoadOptions): Promise<Loaded> {
  if (file !== piped) return loadDocument(file, options)
  const text = textOf(await readStdin(largestDocument), piped)
  return typeof text === 'string' ? loadDocumentText(text, piped, options) : { ok: false, problems: [text] }
}

function show({ file, valid, name, judged = 0, faults = 0, problems }: FileReport, color: boolean, context: CommandContext): void {
  const shown = problems.slice(0, mostShown)
  if (shown.length > 0) context.err(formatProblems(shown, { color }))
  if (shown.length < problems.length) context.err(`… and ${problems.length - shown.length} more: --json gives all\n`)
  const [errors, warnings] = (['error', 'warning'] as const).map((kind) => problems.filter(({ severity }) => severity === kind).length) as [
    number,
    number,
  ]
  const warned = warnings > 0 ? `, ${plural(warnings, 'warning')}` : ''
  if (valid) context.out(`${file} is valid: ${name}, ${plural(judged, 'measure')} judged, ${plural(faults, 'fault')}${warned}`)
  else context.err(`${file} is not valid: ${plural(errors, 'error')}${warned}`)
}

function counts(experiment: Experiment): { name: string; judged: number; faults: number } {
  return { name: experiment.name, judged: experiment.measures.filter(isJudged).length, faults: experiment.faults.length }
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
