/** Problems for people: where, what, the line with a caret, and what to write instead. */
import type { Problem } from './problems.ts'

export interface TextOptions {
  color: boolean
}

const width = 120

/** All problems, one block each, ending in a newline. */
export function formatProblems(problems: readonly Problem[], { color }: TextOptions): string {
  return problems.map((problem) => `${formatProblem(problem, color)}\n`).join('\n')
}

function formatProblem(problem: Problem, color: boolean): string {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const tone = problem.severity === 'error' ? 31 : 33
  const place = problem.code === 'file-not-readable' ? problem.file || '(no name)' : `${problem.file}:${problem.line}:${problem.column}`
  const head = `${place} ${paint(tone, problem.severity)} ${visible(problem.message)} ${paint(2, `[${problem.code}]`)}`
  const lines = [head, ...excerpt(problem, (text) => paint(tone, text))]
  if (problem.fix !== undefined) lines.push(`  fix: ${visible(problem.fix)}`)
  return lines.join('\n')
}

function excerpt({ excerpt: line, column, length }: Problem, paint: (text: string) => string): string[] {
  if (line.trim() === '') return []
  const from = Math.max(0, column - 1 - (width - 40))
  const shown = visible(line.replaceAll('\t', ' ')).slice(from, from + width)
  const at = column - 1 - from
  const caret = '^'.repeat(Math.max(1, Math.min(length, shown.length - at)))
  return [`  | ${shown}`, `  | ${' '.repeat(Math.min(at, width))}${paint(caret)}`]
}

/** Control characters in a document must not reach a terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')
}
