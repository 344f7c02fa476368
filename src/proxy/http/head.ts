/** The head of an HTTP/1.1 message: read from its bytes, and written anew where a rule changes it. Text is latin1, so that every byte stays what it is. */

/** Name and value as they stand in the message, in order. */
export type Fields = [name: string, value: string][]

export interface RequestHead {
  method: string
  /** As it stands in the first line: path and query, or a whole URL. */
  target: string
  minor: 0 | 1
  fields: Fields
}

export interface AnswerHead {
  status: number
  reason: string
  minor: 0 | 1
  fields: Fields
}

const requestLine = /^([A-Z][A-Z0-9_-]{0,31}) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/
const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)$/
const forbidden = /[\x00-\x08\x0a-\x1f\x7f]/

/** Beginnings that can become a first line; anything else is not HTTP/1.1, and its bytes need not wait for more. */
const requestBegins = /^[A-Z][A-Z0-9_-]{0,31}(?: [\x21-\x7e\x80-\xff]*(?: (?:H(?:T(?:T(?:P(?:\/(?:1(?:\.(?:[01]\r?)?)?)?)?)?)?)?)?)?)?$/
const statusBegins = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*\r?|\r?)$/
const statusPrefix = /^H(?:T(?:T(?:P(?:\/(?:1(?:\.(?:[01](?: (?:[1-9](?:\d(?:\d)?)?)?)?)?)?)?)?)?)?)?$/

export function mayBeRequest(begin: string): boolean {
  return requestBegins.test(begin)
}

export function mayBeAnswer(begin: string): boolean {
  return statusBegins.test(begin) || statusPrefix.test(begin)
}

/** `text`: all lines up to and without the empty one. Undefined: no head that we understand. */
export function readRequestHead(text: string): RequestHead | undefined {
  const lines = text.split(/\r?\n/)
  const [, method, target, minor] = requestLine.exec(lines[0] ?? '') ?? []
  const fields = readFields(lines)
  if (method === undefined || target === undefined || !fields) return undefined
  return { method, target, minor: minor === '0' ? 0 : 1, fields }
}

export function readAnswerHead(text: string): AnswerHead | undefined {
  const lines = text.split(/\r?\n/)
  const [, minor, status, reason] = statusLine.exec(lines[0] ?? '') ?? []
  const fields = readFields(lines)
  if (status === undefined || !fields) return undefined
  return { status: Number(status), reason: reason ?? '', minor: minor === '0' ? 0 : 1, fields }
}

function readFields(lines: readonly string[]): Fields | undefined {
  const fields: Fields = []
  for (const line of lines.slice(1)) {
    const [, name, value] = field.exec(line) ?? []
    if (name === undefined || value === undefined || forbidden.test(value)) return undefined
    fields.push([name, value.trimEnd()])
  }
  return fields
}

export function writeRequestHead({ method, target, minor, fields }: RequestHead): Buffer {
  return written(`${method} ${target} HTTP/1.${minor}`, fields)
}

export function writeAnswerHead({ status, reason, minor, fields }: AnswerHead): Buffer {
  return written(`HTTP/1.${minor} ${status} ${reason}`, fields)
}

function written(first: string, fields: Fields): Buffer {
  return Buffer.from(`${[first, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`, 'latin1')
}

/** All values of a field, in order; undefined when there is none. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([other]) => other.length === name.length && other.toLowerCase() === name).map(([, value]) => value)
}

/** The comma-separated words of a field, in lower case: `Connection: Keep-Alive, Upgrade`. */
export function wordsOf(fields: Fields, name: string): string[] {
  return valuesOf(fields, name).flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((word) => word.trim()),
  )
}

export function withoutFields(fields: Fields, names: readonly string[]): Fields {
  const gone = new Set(names.map((name) => name.toLowerCase()))
  return fields.filter(([name]) => !gone.has(name.toLowerCase()))
}
