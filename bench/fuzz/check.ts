/** What must hold of every answer of the reader, whatever the document. */

import type { Loaded } from '../../src/document/load.ts'
import { formatProblems } from '../../src/document/problem-text.ts'
import { type Problem, problemCodes } from '../../src/document/problems.ts'

/** Traces of a program that has lost its way, none of which the texts hold that are mutated. */
const slips =
  /\n\s+at |node:internal|src\/document\/|\bTypeError\b|\bRangeError\b|\bundefined\b|\bNaN\b|\[object |call stack|regular expression: /

/** Why the answer is wrong; undefined when it is as promised. */
export function wrongAnswer(text: string, loaded: Loaded): string | undefined {
  const problems = loaded.ok ? loaded.warnings : loaded.problems
  if (!loaded.ok && !problems.some(({ severity }) => severity === 'error')) return 'refused without an error'
  if (loaded.ok && problems.some(({ severity }) => severity === 'error')) return 'taken with an error'
  const lengths = text.split('\n').map((line) => line.length)
  for (const problem of problems) {
    const wrong = wrongProblem(problem, lengths) ?? (tracesIn(problem, text) ? 'a trace of the program' : undefined)
    if (wrong !== undefined) return `${wrong}: ${JSON.stringify(problem)}`
  }
  const shown = formatProblems(problems, { color: false })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that must not reach a terminal.
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(shown)) return 'a control character would reach the terminal'
  if (loaded.ok && !sane(loaded.experiment)) return 'an experiment that cannot be meant'
  return undefined
}

function wrongProblem({ code, message, fix, line, column, length }: Problem, lengths: readonly number[]): string | undefined {
  if (!(code in problemCodes)) return 'an unknown code'
  if (!/[A-Za-z]{2}/.test(message)) return 'no sentence'
  if (fix === undefined || !/\S/.test(fix)) return 'no fix'
  if (!Number.isInteger(line) || line < 1 || line > lengths.length) return 'a line outside the document'
  if (!Number.isInteger(column) || column < 1 || column > (lengths[line - 1] ?? 0) + 1) return 'a column outside its line'
  return length >= 1 ? undefined : 'nothing is underlined'
}

/** YAML’s `.nan` as a key is “NaN” in the data: then the word is the author's own. */
function tracesIn({ message, fix }: Problem, text: string): boolean {
  const words = /\.nan\b/i.test(text) ? `${message} ${fix}`.replace(/\bNaN\b/g, '') : `${message} ${fix}`
  return slips.test(words)
}

type Experiment = Extract<Loaded, { ok: true }>['experiment']

/** What a run would rely on. */
function sane({ name, phases, faults, measures, traffic }: Experiment): boolean {
  const times = [phases.baseline, phases.fault, phases.recovery, ...(traffic ? [traffic.rate, traffic.timeout] : [])]
  return (
    /^[a-z0-9][a-z0-9-]{0,62}$/.test(name) &&
    times.every((value) => Number.isFinite(value) && value > 0) &&
    faults.length > 0 &&
    faults.every(({ after }) => after >= 0 && after < phases.fault) &&
    measures.length > 0
  )
}
