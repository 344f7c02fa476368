/** YAML 1.2 (and JSON, which it contains) as located data, with the traps of `format.md` §3 as problems. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar, type YAMLMap } from 'yaml'
import { type Located, type Path, type Position, pathKey } from './located.ts'
import { readPlain, trapIn } from './plain-scalars.ts'
import type { ProblemCode } from './problems.ts'
import { quote } from './quantity.ts'
import { syntaxFindings } from './yaml-syntax.ts'

/** A problem of the reader; `path` is empty and `range` given where no value came of it. */
export interface Finding {
  code: ProblemCode
  message: string
  fix?: string
  path: Path
  range: readonly [from: number, to: number]
}

export interface YamlDocument {
  located: Located
  findings: Finding[]
  position(range: readonly [number, number]): Position
  /** The text is no YAML at all: only `findings` count. */
  broken: boolean
}

interface Written {
  key?: readonly [number, number]
  value?: readonly [number, number]
  source?: string
  plain: boolean
}

/** Bounds against documents made to exhaust the reader. */
const mostNodes = 100_000
const deepest = 100

/** Reads a text; never throws for what the text holds. */
export function readYaml(file: string, text: string): YamlDocument {
  const counter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: counter,
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
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
  const walk = new Walk(document, written, findings)
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

/** Turns nodes into data. A class because the three tables and the two bounds go through the whole recursion. */
class Walk {
  private nodes = 0
  private readonly open = new Set<Node>()
  private readonly document: ReturnType<typeof parseDocument>
  private readonly written: Map<string, Written>
  private readonly findings: Finding[]

  constructor(document: ReturnType<typeof parseDocument>, written: Map<string, Written>, findings: Finding[]) {
    this.document = document
    this.written = written
    this.findings = findings
  }

  node(node: unknown, path: Path, inBraces: boolean, key?: readonly [number, number]): unknown {
    const range = isNode(node) && node.range ? ([node.range[0], node.range[1]] as const) : undefined
    const entry: Written = { plain: false, ...(key && { key }), ...(range && { value: range }) }
    this.written.set(pathKey(path), entry)
    this.nodes += 1
    const at = range ?? key ?? [0, 1]
    if (this.nodes > mostNodes || path.length > deepest) {
      if (this.nodes > mostNodes + 1) return null
      this.nodes = path.length > deepest ? this.nodes : mostNodes + 2
      this.report('too-large', 'the document is nested too deeply or repeats itself too often', path, at)
      return null
    }
    if (isNode(node) && 'tag' in node && typeof node.tag === 'string' && explicitTag(node))
      this.report('yaml-feature', `tags such as ${quote(node.tag)} are not used`, path, at, 'leave the tag out')
    if (isAlias(node)) return this.alias(node.resolve(this.document), node.source, path, inBraces, key, at)
    if (isMap(node)) return this.map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.node(item, [...path, index], node.flow === true))
    if (isScalar(node)) return this.scalar(node, path, at, entry)
    return null
  }

  private alias(
    target: Node | undefined,
    name: string,
    path: Path,
    inBraces: boolean,
    key: readonly [number, number] | undefined,
    at: readonly [number, number],
  ): unknown {
    if (target === undefined || this.open.has(target)) {
      this.report('yaml-feature', `the anchor ${quote(name)} is not defined before it is used`, path, at)
      return null
    }
    return this.node(target, path, inBraces, key)
  }

  private map(map: YAMLMap, path: Path): Record<string, unknown> {
    // No prototype: a key may be named like a property that every object has.
    const data: Record<string, unknown> = Object.create(null)
    this.open.add(map)
    for (const pair of map.items as Pair[]) {
      const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value ?? '') : undefined
      const range = isNode(pair.key) && pair.key.range ? ([pair.key.range[0], pair.key.range[1]] as const) : ([0, 1] as const)
      if (key === undefined) {
        this.report('syntax', 'a key must be a plain word', path, range)
        continue
      }
      this.checkKey(key, pair.key as Scalar, path, range)
      const child = [...path, key]
      data[key] = this.node(pair.value, child, map.flow === true, range)
      if (map.flow === true && bornNull(pair.value)) this.cut(map, key, child, range, pair.value === null)
    }
    this.open.delete(map)
    return data
  }

  private checkKey(key: string, node: Scalar, path: Path, range: readonly [number, number]): void {
    if (node.type !== Scalar.PLAIN) return
    if (key === '<<') this.report('yaml-feature', 'merge keys (<<) are not used', path, range, 'write the keys out')
    const trap = trapIn(key)
    if (trap) this.report('quote-it', `the key ${quote(key)}: ${trap}`, path, range, `quote it: "${key}"`)
    if (key.includes('${')) this.report('variable-form', 'a variable cannot stand in a key', path, range)
  }

  private scalar(node: Scalar, path: Path, at: readonly [number, number], entry: Written): unknown {
    const plain = node.type === Scalar.PLAIN
    const source = plain ? (node.source ?? '') : String(node.value)
    entry.source = source
    entry.plain = plain
    if (!plain) return source
    const trap = trapIn(source)
    if (trap && !(isBoundPath(path) && source.startsWith('+')))
      this.report('quote-it', `${quote(source)}: ${trap}`, path, at, `quote it: "${source}"`)
    return readPlain(source)
  }

  private cut(map: YAMLMap, key: string, path: Path, range: readonly [number, number], noColon: boolean): void {
    const colon = /^([\w-]+):(.+)$/.exec(key)
    const previous = map.items[map.items.findIndex((pair) => isScalar(pair.key) && pair.key.range?.[0] === range[0]) - 1]
    const before = noColon && previous && isScalar(previous.key) ? `${String(previous.key.source)}: "…,${key}"` : undefined
    const fix = colon ? `write “${colon[1]}: ${colon[2]}”` : before ? `quote it: ${before}` : 'quote it, or give it a value'
    this.report('cut-value', `${quote(key)} has no value: inside { } a comma ends the value and a colon needs a blank`, path, range, fix)
  }

  private report(code: ProblemCode, message: string, path: Path, range: readonly [number, number], fix?: string): void {
    this.findings.push({ code, message, path, range, ...(fix !== undefined && { fix }) })
  }
}

/** A null that nobody wrote: nothing stands after the colon, or there is no colon. */
function bornNull(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null && (node.source ?? '') === '')
}

/** Cells of `measures` take `+5`, which elsewhere is a number in disguise. */
function isBoundPath(path: Path): boolean {
  return path[0] === 'measures' && (path[2] === 'max' || path[2] === 'min')
}

function explicitTag(node: Node): boolean {
  // The composer sets `tag` only where the text has one, except on collections, which always get the default.
  return !['tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq'].includes(String(node.tag))
}
