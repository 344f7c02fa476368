/**
 * A JSON value into the fields of a known shape, with the rules and the words of the server that we stand in for: names match whatever their
 * case, unknown ones are skipped, `null` leaves a field as it is, the last of two wins, and the first wrong type is the one that is told.
 */
import { JsonError, type JsonNode } from './json-read.ts'

/** What a field holds. Its value is a string, a boolean, a bigint (`int64`, `int`), a number (`float32`), or what `into` fills. */
export type FieldType =
  | { is: 'string' | 'bool' | 'int' | 'int64' | 'float32' }
  /** Any object, of which nothing is read. `type` is its name in errors. */
  | { is: 'ignored'; type: string }
  | { is: 'shape'; shape: Shape }

export interface Shape {
  /** In errors about a field: `Proxy` in `Proxy.name`; of some it is empty. */
  name: string
  /** In errors about the whole: `toxiproxy.Proxy`. */
  type: string
  fields: Record<string, FieldType>
  /** What stands between the name of the shape and that of the field in errors: `Proxy.` where one is laid into the other. */
  within?: Record<string, string>
}

export type Value = string | boolean | bigint | number | Values
export interface Values {
  [field: string]: Value
}

/**
 * Lays what the node says over `start` and returns the result; `start` is not changed.
 * @throws JsonError for the first value of a wrong type
 */
export function decodeInto(node: JsonNode, shape: Shape, start: Values): Values {
  const errors: string[] = []
  const values = decodeShape(node, shape, start, '', '', errors)
  if (errors[0] !== undefined) throw new JsonError(errors[0])
  return values
}

/** Each item over a copy of `start`; `null` is an empty list. `type` is the name of the list in errors. */
export function decodeList(node: JsonNode, type: string, shape: Shape, start: Values): Values[] {
  if (node.is === 'null') return []
  if (node.is !== 'array') throw new JsonError(`json: cannot unmarshal ${node.is} into Go value of type ${type}`)
  const errors: string[] = []
  const all = node.items.map((item) => decodeShape(item, shape, start, '', '', errors))
  if (errors[0] !== undefined) throw new JsonError(errors[0])
  return all
}

function decodeShape(node: JsonNode, shape: Shape, start: Values, owner: string, path: string, errors: string[]): Values {
  if (node.is === 'null') return start
  if (node.is !== 'object') {
    errors.push(mismatch(node.is, owner, path, shape.type))
    return start
  }
  const values: Values = { ...start }
  for (const [name, value] of node.fields) {
    const field = fieldNamed(shape, name)
    const type = field === undefined ? undefined : shape.fields[field]
    if (field === undefined || type === undefined) continue
    const below = `${path === '' ? '' : `${path}.`}${shape.within?.[field] ?? ''}${field}`
    const read = decodeField(value, type, values[field], shape.name, below, errors)
    if (read !== undefined) values[field] = read
  }
  return values
}

function decodeField(
  node: JsonNode,
  type: FieldType,
  before: Value | undefined,
  owner: string,
  path: string,
  errors: string[],
): Value | undefined {
  if (node.is === 'null') return undefined
  if (type.is === 'shape') return decodeShape(node, type.shape, (before as Values | undefined) ?? {}, owner, path, errors)
  if (type.is === 'ignored') {
    if (node.is !== 'object') errors.push(mismatch(node.is, owner, path, type.type))
    return undefined
  }
  if (node.is === 'string' && type.is === 'string') return node.value
  if (node.is === 'bool' && type.is === 'bool') return node.value
  if (node.is === 'number' && type.is !== 'string' && type.is !== 'bool') {
    const number = type.is === 'float32' ? float32(node.text) : int64(node.text)
    if (number === null) errors.push(mismatch(`number ${node.text}`, owner, path, type.is))
    return number ?? undefined
  }
  errors.push(mismatch(node.is, owner, path, type.is))
  return undefined
}

/** The exact name first, then the first that is the same but for its case. */
function fieldNamed(shape: Shape, name: string): string | undefined {
  if (Object.hasOwn(shape.fields, name)) return name
  const folded = fold(name)
  return Object.keys(shape.fields).find((one) => fold(one) === folded)
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function mismatch(what: string, owner: string, path: string, type: string): string {
  const where = path === '' ? 'Go value' : `Go struct field ${owner}.${path}`
  return `json: cannot unmarshal ${what} into ${where} of type ${type}`
}

function int64(text: string): bigint | null {
  if (!/^-?\d+$/.test(text)) return null
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? value : null
}

function float32(text: string): number | null {
  const value = Math.fround(Number(text))
  return Number.isFinite(value) ? value : null
}
