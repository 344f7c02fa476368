/** Runs a zod schema over a part of the document and says what zod found in our words, at the right place. */
import * as z from 'zod/mini'
import { type Located, type Path, valueAt } from './located.ts'
import { suggestion } from './nearest.ts'
import type { Collector, ProblemCode } from './problems.ts'
import { quote } from './quantity.ts'
import type { RefusalParams } from './schema-types.ts'

type Issue = z.core.$ZodIssue

/** What every checker of a part needs. */
export interface Checking {
  located: Located
  collect: Collector
}

/** The parsed value, or undefined after having collected what is wrong. `path` is where `value` stands. */
export function checkShape<T>(checking: Checking, schema: z.core.$ZodType<T>, value: unknown, path: Path): T | undefined {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  for (const issue of result.error.issues) report(checking, issue, value, path, schema)
  return undefined
}

function report(checking: Checking, issue: Issue, value: unknown, base: Path, schema: z.core.$ZodType): void {
  const inner = issue.path.filter((key) => typeof key !== 'symbol')
  const path = [...base, ...inner]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, inner)
    for (const key of issue.keys) unknownKey(checking, [...path, key], key, known)
    return
  }
  const found = valueAt(value, inner)
  if (issue.code === 'invalid_key')
    return checking.collect.add(path, 'wrong-type', issue.issues[0]?.message ?? issue.message, { at: 'key' })
  if (found === undefined) return missing(checking, path)
  if (found === null && nothingWritten(checking, path))
    return checking.collect.add(path, 'wrong-type', 'has no value', { at: 'key', fix: 'write a value, or remove the key' })
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const message = `${quote(shown(found))} is not possible: ${allowed.join(', ')}`
    return checking.collect.add(path, 'value-not-allowed', message, { fix: suggestion(shown(found), allowed) })
  }
  const params = ('params' in issue ? issue.params : undefined) as RefusalParams | undefined
  const code = (params?.code ?? codeOf(issue)) as ProblemCode
  checking.collect.add(path, code, sentence(issue), { fix: params?.fix ?? quoteFix(checking, issue, path) })
}

/** A key that must be there is not: reported where the map around it stands. */
function missing({ collect }: Checking, path: Path): void {
  const key = path.at(-1)
  if (typeof key === 'number') return collect.add(path, 'key-missing', 'is missing')
  collect.add(path.slice(0, -1), 'key-missing', `needs the key “${key ?? ''}”`, { at: 'key', fix: `add ${key ?? ''}: …` })
}

/** A key nobody knows, with the nearest one that is known. */
export function unknownKey({ collect }: Checking, path: Path, key: string, known: readonly string[]): void {
  const fix = suggestion(key, known) ?? (known.length > 0 ? `possible here: ${known.join(', ')}` : undefined)
  collect.add(path, 'key-unknown', 'this key is not known', { at: 'key', fix })
}

function nothingWritten({ located }: Checking, path: Path): boolean {
  return (located.source(path) ?? '') === ''
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

function quoteFix({ located }: Checking, issue: Issue, path: Path): string | undefined {
  if (issue.code !== 'invalid_type' || issue.expected !== 'string') return undefined
  const source = located.source(path)
  return source === undefined ? undefined : `write "${source}"`
}

/** The keys of the object schema at an inner path, through optionals, defaults, pipes and lists. */
function keysAt(schema: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  let at: Peeled | undefined = peel(schema)
  for (const key of path) {
    const def: Peeled | undefined = at
    at = peel(def?.shape?.[String(key)] ?? def?.element ?? def?.valueType)
  }
  return Object.keys(at?.shape ?? {})
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

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
