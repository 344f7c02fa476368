/** The nodes that the YAML parser gives as plain data, with the place of each value and the traps of `format.md` §3. */
import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from 'yaml'
import { type Path, type Position, pathKey } from './located.ts'
import { readPlain, trapIn } from './plain-scalars.ts'
import type { ProblemCode } from './problems.ts'
import { quote } from './quantity.ts'
import { nestedMessage } from './yaml-syntax.ts'

/** A problem of the reader; `path` is empty and `range` given where no value came of it. */
export interface Finding {
  code: ProblemCode
  message: string
  fix?: string
  path: Path
  range: readonly [from: number, to: number]
}

/** Where a value stands and how it was written. */
export interface Written {
  key?: readonly [number, number]
  value?: readonly [number, number]
  source?: string
  plain: boolean
}

type Place = (range: readonly [number, number]) => Position

/** Bounds against documents made to exhaust the reader. */
const mostNodes = 100_000
const deepest = 100

/** Turns nodes into data. A class because the three tables and the two bounds go through the whole recursion. */
export class Walk {
  private nodes = 0
  private readonly open = new Set<Node>()
  /** In the order of the text, so that an alias means the anchor before it. */
  private readonly anchors = new Map<string, Node>()
  private readonly written: Map<string, Written>
  private readonly findings: Finding[]
  private readonly position: Place

  constructor(written: Map<string, Written>, findings: Finding[], position: Place) {
    this.written = written
    this.findings = findings
    this.position = position
  }

  node(node: unknown, path: Path, key?: readonly [number, number]): unknown {
    const range = isNode(node) && node.range ? ([node.range[0], node.range[1]] as const) : undefined
    const entry: Written = { plain: false, ...(key && { key }), ...(range && { value: range }) }
    this.written.set(pathKey(path), entry)
    this.nodes += 1
    const at = range ?? key ?? [0, 1]
    if (this.nodes > mostNodes || path.length > deepest) {
      if (this.nodes > mostNodes + 1) return null
      this.nodes = path.length > deepest ? this.nodes : mostNodes + 2
      this.report('too-large', nestedMessage, path, at, 'write one experiment, without copies')
      return null
    }
    if (isNode(node) && 'tag' in node && typeof node.tag === 'string' && explicitTag(node))
      this.report('yaml-feature', `tags such as ${quote(node.tag)} are not used`, path, at, 'leave the tag out')
    if (isAlias(node)) return this.alias(this.anchors.get(node.source), node.source, path, key, at)
    if (isNode(node) && node.anchor !== undefined) this.anchors.set(node.anchor, node)
    if (isScalar(node)) return this.scalar(node, path, at, entry)
    if (!isMap(node) && !isSeq(node)) return null
    this.open.add(node)
    const data = isMap(node) ? this.map(node, path) : node.items.map((item, index) => this.node(item, [...path, index]))
    this.open.delete(node)
    return data
  }

  private alias(
    target: Node | undefined,
    name: string,
    path: Path,
    key: readonly [number, number] | undefined,
    at: readonly [number, number],
  ): unknown {
    if (target === undefined || this.open.has(target)) {
      const fix = 'define it above with &, or quote the text that begins with *'
      this.report('yaml-feature', `the anchor ${quote(name)} is not defined before it is used`, path, at, fix)
      return null
    }
    return this.node(target, path, key)
  }

  private map(map: YAMLMap, path: Path): Record<string, unknown> {
    // No prototype: a key may be named like a property that every object has.
    const data: Record<string, unknown> = Object.create(null)
    for (const [index, pair] of (map.items as Pair[]).entries()) {
      const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value ?? '') : undefined
      const range = isNode(pair.key) && pair.key.range ? ([pair.key.range[0], pair.key.range[1]] as const) : ([0, 1] as const)
      if (key === undefined) {
        const template = isMap(pair.key) && pair.key.flow === true && bornNull(pair.value)
        if (template) this.report('variable-form', '{{ }} means nothing here', path, range, 'write ${name}, in quotes inside { }')
        else this.report('syntax', 'a key must be a plain word', path, range, 'write the list or map as a value')
        continue
      }
      this.checkKey(key, pair.key as Scalar, path, range)
      const child = [...path, key]
      if (Object.hasOwn(data, key)) {
        const { line } = this.position(this.written.get(pathKey(child))?.key ?? range)
        this.report('duplicate-key', `the key ${quote(key)} stands twice, first in line ${line}`, path, range, 'remove one of them')
        continue
      }
      data[key] = this.node(pair.value, child, range)
      if (map.flow === true && bornNull(pair.value)) this.cut(map.items[index - 1], key, child, range, pair.value === null)
    }
    return data
  }

  private checkKey(key: string, node: Scalar, path: Path, range: readonly [number, number]): void {
    if (node.type !== Scalar.PLAIN) return
    if (/^\/[/*]/.test(key)) this.report('yaml-feature', 'a comment begins with #', path, range, 'write # instead, on a line of its own')
    if (key === '<<') this.report('yaml-feature', 'merge keys (<<) are not used', path, range, 'write the keys out')
    const trap = trapIn(key)
    if (trap) this.report('quote-it', `the key ${quote(key)}: ${trap}`, path, range, `quote it: "${key}"`)
    if (key.includes('${')) this.report('variable-form', 'a variable cannot stand in a key', path, range, 'write the key out')
  }

  private scalar(node: Scalar, path: Path, at: readonly [number, number], entry: Written): unknown {
    const plain = node.type === Scalar.PLAIN
    const source = plain ? (node.source ?? '') : String(node.value)
    entry.source = source
    entry.plain = plain
    if (!plain) return source
    const inner = /^[“”„‘’«»]([^“”„‘’«»"]*)[“”‘’«»]$/.exec(source)?.[1]
    if (inner !== undefined) {
      this.report('quote-it', 'typographic quotes would be a part of the text', path, at, `write "${inner}"`)
      return inner
    }
    const trap = trapIn(source)
    if (trap && !(isBoundPath(path) && source.startsWith('+')))
      this.report('quote-it', `${quote(source)}: ${trap}`, path, at, `quote it: "${source}"`)
    return readPlain(source)
  }

  private cut(previous: Pair | undefined, key: string, path: Path, range: readonly [number, number], noColon: boolean): void {
    const fix = noColon ? cutFix(previous, key) : 'quote it, or give it a value'
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

/** What was meant by a key without a colon: a key without a blank or a colon behind it, or the rest of the value before the comma. */
function cutFix(previous: Pair | undefined, key: string): string {
  const [, word, value] = /^([\w-]+)(?::|\s+=?\s*)(\S.*)$/.exec(key) ?? []
  const number = previous && cutNumber(previous, key)
  const rest = previous && isScalar(previous.key) ? `${String(previous.key.source)}: "…,${key}"` : undefined
  if (number) return `write ${number}`
  if (word !== undefined && (key.startsWith(`${word}:`) || rest === undefined)) return `write “${word}: ${value}”`
  if (word !== undefined && value !== undefined && !/\s/.test(value)) return `write “${word}: ${value}”, or quote: ${rest}`
  return rest ? `quote it: ${rest}` : 'quote it, or give it a value'
}

/** `1,5s` and `1,000/s` are cut in two: what was meant, with its key. */
function cutNumber(previous: Pair, rest: string): string | undefined {
  if (!isScalar(previous.key) || !isScalar(previous.value) || !/^\d{1,3}$/.test(previous.value.source ?? '') || !/^\d+\D*$/.test(rest))
    return undefined
  const point = /^\d{3}(?:\D|$)/.test(rest) ? '' : '.'
  return `${previous.key.source}: ${previous.value.source}${point}${rest}`
}

/** Cells of `measures` take `+5`, which elsewhere is a number in disguise. */
function isBoundPath(path: Path): boolean {
  return path[0] === 'measures' && (path[2] === 'max' || path[2] === 'min')
}

function explicitTag(node: Node): boolean {
  // The composer sets `tag` only where the text has one, except on collections, which always get the default.
  return !['tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq'].includes(String(node.tag))
}
