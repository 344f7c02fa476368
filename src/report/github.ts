/** What GitHub Actions shows beside the lines of a document: workflow commands, made from problems and from verdicts. */
import type { Problem } from '../document/problems.ts'
import type { StoredRun } from '../records/stored-run.ts'
import type { Outcome, Verdict } from '../verdict/verdict.ts'
import { headline } from './words.ts'

interface Annotation {
  level: 'error' | 'warning'
  /** Relative to the repository; lines and columns from 1. */
  file: string
  line: number
  col?: number
  endColumn?: number
  title: string
  message: string
}

/** `file` turns the path of a document into the one that the repository knows. */
export function problemAnnotations(problems: readonly Problem[], file: (path: string) => string): string[] {
  return problems.map((problem) => {
    const { severity, line, column, length, code, message, fix } = problem
    return command({
      ...{ level: severity, file: file(problem.file), line, col: column, endColumn: column + length - 1, title: `squall: ${code}` },
      message: fix === undefined ? message : `${message}\nfix: ${fix}`,
    })
  })
}

const levels: Record<Outcome, 'error' | 'warning' | null> = {
  passed: null,
  failed: 'error',
  inconclusive: 'warning',
  aborted: 'error',
  error: 'error',
}

/** Each broken bound where its measure stands, any other end at the top; and what may be left behind, whatever the verdict. */
export function verdictAnnotations({ verdict, document, experiment }: StoredRun<Verdict>, file: string): string[] {
  if (!verdict) return []
  const title = `${experiment.name}: ${headline(verdict)}`
  const broken = verdict.cells.filter((cell) => cell.decision === 'breached')
  const level = levels[verdict.outcome]
  const found: Annotation[] =
    verdict.outcome === 'failed' && broken.length > 0
      ? broken.map(({ measure, sentence }) => ({
          level: 'error',
          file,
          line: lineOf(document, measure.replace(/ tail$/, '')),
          title,
          message: sentence,
        }))
      : level
        ? [{ level, file, line: 1, title, message: verdict.because }]
        : []
  const { state, sentence } = verdict.rollback
  if (state === 'stuck' || state === 'unverified')
    found.push({ level: 'error', file, line: 1, title: `${experiment.name}: rollback ${state}`, message: sentence })
  return found.map(command)
}

/** The first line after `measures:` that has this key; 1 where the document says it otherwise (defaults are not written). */
function lineOf(document: string, measure: string): number {
  const lines = document.split('\n')
  const from = lines.findIndex((line) => /\bmeasures["']?\s*:/.test(line))
  const key = new RegExp(`(?:^|[\\s{,"'])${measure.replace(/[^\w-]/g, '\\$&')}["']?\\s*:`)
  const at = lines.findIndex((line, n) => n >= from && key.test(line))
  return from < 0 || at < 0 ? 1 : at + 1
}

function command({ level, title, message, ...place }: Annotation): string {
  const properties = Object.entries({ ...place, title }).map(([key, value]) => `${key}=${property(String(value))}`)
  return `::${level} ${properties.join(',')}::${data(message)}`
}

function data(text: string): string {
  return text.replace(/[%\r\n]/g, encodeURIComponent)
}

function property(text: string): string {
  return text.replace(/[%\r\n:,]/g, encodeURIComponent)
}
