/** Runs a zod schema over a part of the document and says what zod found in our words, at the right place. */
import * as z from 'zod/mini'
import { asMap, type Located, type Path, valueAt } from './located.ts'
import { nearest, suggestion } from './nearest.ts'
import type { Collector, ProblemCode } from './problems.ts'
import { quote } from './quantity.ts'
import type { RefusalParams } from './schema-types.ts'

type Issue = z.core.$ZodIssue

/** What every checker of a part needs. */
export interface Checking {
  located: Located
  collect: Collector
}

/**
 * The parsed value, or undefined after having collected what is wrong. `path` is where `value` stands; `beside` names keys that may
 * stand there too and are checked elsewhere.
 */
export function checkShape<T>(
  checking: Checking,
  schema: z.core.$ZodType<T>,
  value: unknown,
  path: Path,
  beside: readonly string[] = [],
): T | undefined {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  for (const issue of result.error.issues) report(checking, issue, value, path, schema, beside)
  return undefined
}

function report(checking: Checking, issue: Issue, value: unknown, base: Path, schema: z.core.$ZodType, beside: readonly string[]): void {
  const inner = issue.path.filter((key) => typeof key !== 'symbol')
  const path = [...base, ...inner]
  if (issue.code === 'unrecognized_keys') {
    const known = [...keysAt(schema, inner), ...(inner.length === 0 ? beside : [])]
    for (const key of issue.keys) unknownKey(checking, [...path, key], key, known)
    return
  }
  const found = valueAt(value, inner)
  if (issue.code === 'invalid_key')
    return checking.collect.add(path, 'wrong-type', issue.issues[0]?.message ?? issue.message, { at: 'key', fix: 'give it another name' })
  if (found === undefined) return missing(checking, path, keysAt(schema, inner.slice(0, -1)))
  if (found === null) return checking.collect.add(path, 'wrong-type', 'has no value', { at: 'key', fix: emptyFix(checking, path) })
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const listed = `write ${allowed.slice(0, -1).join(', ')}${allowed.length > 1 ? ' or ' : ''}${allowed.at(-1) ?? ''}`
    if (typeof found === 'object') return checking.collect.add(path, 'wrong-type', 'expected a single word', { fix: listed })
    const message = `${quote(String(found))} is not possible here`
    const within = allowed.find((one) => String(found).toUpperCase() === `SIG${one}`)
    const fix = suggestion(within ?? String(found), allowed) ?? listed
    return checking.collect.add(path, 'value-not-allowed', message, { fix })
  }
  const params = ('params' in issue ? issue.params : undefined) as RefusalParams | undefined
  const code = (params?.code ?? codeOf(issue)) as ProblemCode
  checking.collect.add(path, code, sentence(issue), { fix: params?.fix ?? fixOf(checking, issue, found, path, schema, inner) })
}

/** A key that must be there is not: reported where the map around it stands, unless it is there misspelt, which is reported as such. */
function missing({ located, collect }: Checking, path: Path, known: readonly string[]): void {
  const key = path.at(-1)
  const written = Object.keys(asMap(valueAt(located.value, path.slice(0, -1))) ?? {})
  if (written.some((other) => !known.includes(other) && nearest(other, known) === key)) return
  if (typeof key === 'number') return collect.add(path, 'key-missing', 'is missing')
  collect.add(path.slice(0, -1), 'key-missing', `needs the key “${key ?? ''}”`, { at: 'key', fix: `add ${key ?? ''}: …` })
}

/** Without `type` nothing else can be checked. It is there misspelt, or missing. */
export function typeMissing(checking: Checking, map: Record<string, unknown>, path: Path, fix: string): void {
  const misspelt = Object.keys(map).find((key) => nearest(key, ['type']) === 'type')
  if (misspelt !== undefined) unknownKey(checking, [...path, misspelt], misspelt, ['type'])
  else checking.collect.add(path, 'key-missing', 'needs the key “type”', { at: 'key', fix })
}

/** A key nobody knows, with the nearest one that is known. */
export function unknownKey({ collect }: Checking, path: Path, key: string, known: readonly string[]): void {
  const fix = suggestion(key, known) ?? (known.length > 0 ? `possible here: ${known.join(', ')}` : undefined)
  collect.add(path, 'key-unknown', 'this key is not known', { at: 'key', fix })
}

function emptyFix({ located }: Checking, path: Path): string {
  const { line } = located.position(path, 'key')
  const commented = /:\s+#/.test(located.lines[line - 1] ?? '')
  return commented ? 'what follows # is a comment: quote it' : 'write a value, or remove the key'
}

function codeOf(issue: Issue): ProblemCode {
  return issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 'wrong-type' : 'value-not-allowed'
}

/** zod's own words where a schema gives none of ours. */
function sentence(issue: Issue): string {
  if (!issue.message.startsWith('Invalid input')) return issue.message
  const expected = issue.code === 'invalid_type' ? issue.expected : undefined
  const kinds: Partial<Record<string, string>> = {
    object: 'a map',
    record: 'a map',
    array: 'a list',
    string: 'text',
    number: 'a number',
    boolean: 'true or false',
  }
  return expected === undefined ? 'this is not possible here' : `expected ${kinds[expected] ?? expected}`
}

/** What to write where the schema itself does not say it. */
function fixOf({ located }: Checking, issue: Issue, found: unknown, path: Path, schema: z.core.$ZodType, inner: Path): string | undefined {
  if (issue.code === 'too_small') return 'write something, or remove the key'
  if (issue.message.startsWith('expected ') && issue.code !== 'invalid_type') return issue.message.replace('expected', 'write')
  if (issue.code !== 'invalid_type') return undefined
  const source = located.source(path)
  if (issue.expected === 'string') return source === undefined ? 'write one text' : `write "${source}"`
  if (issue.expected === 'array') return typeof found === 'object' || source === undefined ? 'begin each item with “- ”' : listFix(source)
  if (issue.expected === 'record' && Array.isArray(found) && found.every(isAssignment))
    return `write { ${found.map((item) => item.replace('=', ': ')).join(', ')} }`
  if (issue.expected === 'record') return source?.includes('=') ? `write { ${source.replaceAll('=', ': ')} }` : 'write e.g. { name: value }'
  if (issue.expected === 'boolean') return 'write true or false, without quotes'
  if (issue.expected !== 'object') return undefined
  const needed = neededAt(schema, inner)
  return `write a map such as { ${needed.map((key) => `${key}: …`).join(', ')} }`
}

function isAssignment(item: unknown): item is string {
  return typeof item === 'string' && /^[^=]+=[^=]+$/.test(item)
}

/** A text where a list belongs: its words, unless they need a shell, which there is not. */
function listFix(source: string): string {
  if (/[;&|<>]/.test(source)) return 'put it into a script of its own: no shell is involved'
  return `write [${source.includes(',') ? source : source.split(/\s+/).join(', ')}]`
}

/** The keys of the object schema at an inner path. */
export function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  return Object.keys(shapeAt(schema, path))
}

/** Those that must be there, or some where none must. */
function neededAt(schema: z.core.$ZodType, path: Path): string[] {
  const entries = Object.entries(shapeAt(schema, path))
  const needed = entries.filter(([, field]) => !['optional', 'default'].includes((field as { _zod: { def: Peeled } })._zod.def.type ?? ''))
  return (needed.length > 0 ? needed : entries.slice(0, 4)).map(([key]) => key)
}

/** The fields of the object schema at an inner path, through optionals, defaults, pipes and lists. */
function shapeAt(schema: z.core.$ZodType, path: Path): Record<string, unknown> {
  let at: Peeled | undefined = peel(schema)
  for (const key of path) {
    const def: Peeled | undefined = at
    at = peel(def?.shape?.[String(key)] ?? def?.element ?? def?.valueType)
  }
  return at?.shape ?? {}
}

interface Peeled {
  type?: string
  shape?: Record<string, unknown>
  element?: unknown
  valueType?: unknown
  innerType?: unknown
  in?: unknown
}

function peel(schema: unknown): Peeled | undefined {
  let def = (schema as { _zod?: { def: Peeled } } | undefined)?._zod?.def
  while (def && (def.innerType !== undefined || def.in !== undefined))
    def = ((def.innerType ?? def.in) as { _zod: { def: Peeled } })._zod.def
  return def
}
