/** What can be wrong with a document, and the collector that gathers all of it in one go. */
import { type Located, type Path, pathKey } from './located.ts'
import { quote } from './quantity.ts'

/** Stable codes of problems; each means one thing. */
export const problemCodes = {
  'file-not-readable': 'The document, or a file it names, cannot be read.',
  'too-large': 'The document is larger than any experiment needs to be.',
  syntax: 'The text is not YAML, JSON or TypeScript.',
  'yaml-feature': 'A feature of YAML that documents do not use: tags, merge keys, several documents, other versions.',
  'duplicate-key': 'A key stands twice in one map.',
  'quote-it': 'A text without quotes that YAML readers understand differently.',
  'cut-value': 'Inside { } a comma or a missing blank has cut a value.',
  'typescript-failed': 'A TypeScript document did not give an experiment.',
  'other-format': 'The document is of another tool, or of two at once.',
  'key-unknown': 'A key that means nothing here.',
  'key-missing': 'A key that must be there is not.',
  'wrong-type': 'The value is of the wrong kind.',
  'value-not-allowed': 'The value is not one of those possible.',
  quantity: 'A quantity is misspelt or has the wrong unit.',
  bound: 'A bound is misspelt or does not fit its measure.',
  'variable-unknown': 'A variable that is not declared in vars.',
  'variable-form': 'A use of ${…} other than ${name} and ${secret:NAME}.',
  'secret-not-here': 'A secret where the text would be recorded or shown.',
  'fault-not-available': 'This version has no fault of that type.',
  'not-available-yet': 'A part of the format that this version does not have yet.',
  'place-impossible': 'The fault cannot act at that place.',
  'name-taken': 'Two things have the same name: faults, requests, or a proxy and a source.',
  'source-unknown': 'A measure names a source that is not declared.',
  'proxy-unknown': 'A fault or a measure names a proxy that is not declared.',
  'address-taken': 'Two proxies cannot listen at one address, and none can pass on to itself.',
  'from-missing': 'A measure without a source.',
  'nothing-judged': 'No measure is judged: the run could prove nothing.',
  'module-missing': 'The file of an own fault does not exist.',
  'abort-tighter': 'An abort that ends the run before the bound it guards is broken.',
  'after-unreachable': 'A bound that holds too late for the share of requests it allows to fail.',
  'faults-collide': 'Two faults would change the same thing: one fault holds it for the whole run.',
  'primary-unwatched': 'The primary of a database is stopped and no measure watches how many there are.',
  'beyond-phase': 'A time that lies beyond the end of its phase.',
  diluted: 'The fault is shorter than the phase its errors are averaged over.',
  'too-little-data': 'A phase is too short for its bounds to be judged at this rate.',
  'precision-too-low': 'A bound that this rate and these phases cannot prove to hold.',
  'zero-baseline': 'A multiple of a baseline that may well be zero.',
  'no-dial': 'A range on a parameter that cannot move.',
  'ramp-without-range': 'A ramp with nothing that moves.',
  'ramp-too-long': 'A ramp that is longer than its fault acts.',
  'every-without-for': 'A fault that begins again without saying how long each time lasts.',
  'every-too-short': 'A fault that begins again before it is gone for certain.',
  'variable-unused': 'A variable that is declared and never used.',
  'expires-missing': 'A fault in production that does not say when it ends by itself.',
  policy: 'The policy that the project has for this environment does not allow it: the run would be refused.',
} as const

export type ProblemCode = keyof typeof problemCodes

export interface Problem {
  code: ProblemCode
  severity: 'error' | 'warning'
  /** One sentence, led by the key's path. */
  message: string
  /** What to write instead. */
  fix?: string
  file: string
  /** From 1. A TypeScript document has no positions: 1, 1 and the path tells. */
  line: number
  column: number
  /** The line itself; empty when there is none. */
  excerpt: string
  /** How many characters the caret underlines. */
  length: number
}

export interface Detail {
  fix?: string | undefined
  /** Point at the key instead of the value. */
  at?: 'key' | 'value'
  severity?: 'error' | 'warning'
}

/** Collects problems; one for each code and place. */
export interface Collector {
  readonly problems: Problem[]
  add(path: Path, code: ProblemCode, message: string, detail?: Detail): void
  /** True when an error stands at this path or below. */
  failedAt(path: Path): boolean
  readonly failed: boolean
}

/** A collector for one document. Looks up in sets: a document may hold tens of thousands of mistakes. */
export function collectProblems(located: Located): Collector {
  const problems: Problem[] = []
  const seen = new Set<string>()
  const failed = new Set<string>()
  return {
    problems,
    add(path, code, message, detail = {}) {
      const severity = detail.severity ?? 'error'
      const { line, column, length } = located.position(path, detail.at ?? 'value')
      const place = showPath(path)
      const sentence = place === '' ? message : `${place}: ${message}`
      const identity = `${line}:${column} ${code} ${sentence}`
      if (seen.has(identity)) return
      seen.add(identity)
      if (severity === 'error') for (let depth = 0; depth <= path.length; depth++) failed.add(pathKey(path.slice(0, depth)))
      const excerpt = located.lines[line - 1] ?? ''
      problems.push({
        code,
        severity,
        message: sentence,
        ...(detail.fix !== undefined && { fix: detail.fix }),
        file: located.file,
        line,
        column,
        excerpt,
        length,
      })
    },
    failedAt: (path) => failed.has(pathKey(path)),
    get failed() {
      return failed.size > 0
    },
  }
}

/** By line, then column; errors before warnings at one place. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column || a.severity.localeCompare(b.severity))
}

/** `faults[0].target.process`. */
export function showPath(path: Path): string {
  return path
    .map((key, index) =>
      typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${/^[\w-]{1,64}$/.test(key) ? key : quote(key)}`,
    )
    .join('')
}
