/** YAML 1.2 (and JSON, which it contains) as located data and findings. */
import { LineCounter, parseDocument } from 'yaml'
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
  const counter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: counter,
    version: '1.2',
    schema: 'core',
    strict: true,
    // Looked for in the walk: the parser compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const position = (range: readonly [number, number]): Position => {
    const { line, col } = counter.linePos(range[0])
    return { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, range[1] - range[0]) }
  }
  const written = new Map<string, Written>()
  const findings = syntaxFindings(document, text)
  const broken = findings.length > 0
  const walk = new Walk(written, findings, position)
  const value = broken ? undefined : walk.node(document.contents, [], false)
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

/** Where more is nested than the parser bears; brackets in quotes count too, nobody writes that many. */
function deepPlace(text: string): number | undefined {
  let open = 0
  for (const { index, 0: bracket } of text.matchAll(/[[\]{}]/g)) {
    open = bracket === '[' || bracket === '{' ? open + 1 : Math.max(0, open - 1)
    if (open > parserBears) return index
  }
  const steps = new RegExp(`(?:[-?:][ \\t]+){${parserBears}}`).exec(text)
  return steps?.index
}

function tooDeep(file: string, text: string, at: number): YamlDocument {
  const lines = text.split(/\r?\n/)
  const before = text.slice(0, at).split('\n')
  const place: Position = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, length: 1 }
  const finding: Finding = {
    code: 'too-large',
    message: nestedMessage,
    fix: 'write one experiment, without copies',
    path: [],
    range: [at, at + 1],
  }
  const located: Located = { file, lines, value: undefined, position: () => place, source: () => undefined, plain: () => false }
  return { located, findings: [finding], position: () => place, broken: true }
}
