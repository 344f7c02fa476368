/** YAML 1.2 (and JSON, which it contains) as located data and findings. */
import { parseDocument } from 'yaml'
import { type Located, type Path, type Position, pathKey } from './located.ts'
import { nestedMessage, syntaxFindings } from './yaml-syntax.ts'
import { type Finding, Walk, type Written } from './yaml-walk.ts'

export interface YamlDocument {
  located: Located
  findings: Finding[]
  position(range: readonly [number, number]): Position
  /** The text is no YAML at all: only `findings` count. */
  broken: boolean
}

/** The parser recurses, and takes minutes before it gives up: so much nesting it bears. */
const parserBears = 300

/** Reads a text; never throws for what the text holds. */
export function readYaml(file: string, text: string): YamlDocument {
  const deep = deepPlace(text)
  if (deep !== undefined) return tooDeep(file, text, deep)
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // Looked for in the walk: the parser compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const position = placesIn(text)
  const written = new Map<string, Written>()
  const findings = syntaxFindings(document, text)
  const broken = findings.length > 0
  const walk = new Walk(written, findings, position)
  const value = broken ? undefined : walk.node(document.contents, [])
  const lines = text.split(/\r?\n/)
  const located: Located = {
    file,
    lines,
    value,
    position: (path, at) => locate(path, at, written, position),
    source: (path) => written.get(pathKey(path))?.source,
    plain: (path) => written.get(pathKey(path))?.plain ?? false,
  }
  return { located, findings, position, broken }
}

function locate(
  path: Path,
  at: 'key' | 'value',
  written: Map<string, Written>,
  position: (range: readonly [number, number]) => Position,
): Position {
  const here = written.get(pathKey(path))
  if (here) {
    const range = (at === 'key' ? (here.key ?? here.value) : (here.value ?? here.key)) ?? ([0, 1] as const)
    return position(range)
  }
  return path.length === 0 ? { line: 1, column: 1, length: 1 } : locate(path.slice(0, -1), 'key', written, position)
}

/** Where more is nested than the parser bears, by brackets, dashes or indentation; those in quotes count too, nobody writes that many. */
function deepPlace(text: string): number | undefined {
  let open = 0
  for (const { index, 0: bracket } of text.matchAll(/[[\]{}]/g)) {
    open = bracket === '[' || bracket === '{' ? open + 1 : Math.max(0, open - 1)
    if (open > parserBears) return index
  }
  const steps = new RegExp(`(?:[-?:][ \\t]+){${parserBears}}|^ {${parserBears}}`, 'm').exec(text)
  return steps?.index
}

function tooDeep(file: string, text: string, at: number): YamlDocument {
  const place = placesIn(text)
  const finding: Finding = {
    code: 'too-large',
    message: nestedMessage,
    fix: 'write one experiment, without copies',
    path: [],
    range: [at, at + 1],
  }
  const located: Located = {
    file,
    lines: text.split(/\r?\n/),
    value: undefined,
    position: () => place(finding.range),
    source: () => undefined,
    plain: () => false,
  }
  return { located, findings: [finding], position: place, broken: true }
}

/** Line and column of any stretch: the parser's own count ends where its reading does. */
function placesIn(text: string): YamlDocument['position'] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return ([from, to]) => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= from) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: from - (starts[low] ?? 0) + 1, length: Math.max(1, to - from) }
  }
}
