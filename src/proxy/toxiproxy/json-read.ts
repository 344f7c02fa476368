/**
 * Reads the first JSON value of a body the way the server that we stand in for does: what follows the value is not looked at, a field may come
 * twice, whole numbers keep all their digits, and what is wrong is said in its words, because its clients show them and compare them.
 */

export type JsonNode =
  | { is: 'null' }
  | { is: 'bool'; value: boolean }
  /** As it was written: `5.50` is not `5.5` to those who want a whole number. */
  | { is: 'number'; text: string }
  | { is: 'string'; value: string }
  | { is: 'array'; items: JsonNode[] }
  | { is: 'object'; fields: [name: string, value: JsonNode][] }

/** The text is the one that clients get to see after `bad request body: `. */
export class JsonError extends Error {}

const deepest = 10_000
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d])
const words: Record<string, JsonNode> = {
  true: { is: 'bool', value: true },
  false: { is: 'bool', value: false },
  null: { is: 'null' },
}

/** An array or object that is being filled. */
type Open = { is: 'array'; items: JsonNode[] } | { is: 'object'; fields: [string, JsonNode][]; name: string }

/** @throws JsonError */
export function readFirstValue(bytes: Buffer): JsonNode {
  const at = { bytes, pos: 0 }
  skipBlanks(at)
  if (at.pos >= bytes.length) throw new JsonError('EOF')
  // Not recursive: a body of brackets alone must not reach the end of the stack.
  const open: Open[] = []
  for (;;) {
    let value = beginValue(at, open)
    while (value) {
      const inside = open.at(-1)
      if (!inside) return value
      value = put(at, open, inside, value)
    }
  }
}

interface At {
  bytes: Buffer
  pos: number
}

/** A whole value, or null when an array or object was opened in which a value must follow. */
function beginValue(at: At, open: Open[]): JsonNode | null {
  const first = peek(at)
  if (first === '[' || first === '{') {
    at.pos++
    if (open.length >= deepest) throw new JsonError('exceeded max depth')
    if (first === '{') return beginObject(at, open)
    if (peek(at) === ']') {
      at.pos++
      return { is: 'array', items: [] }
    }
    open.push({ is: 'array', items: [] })
    return null
  }
  if (first === '"') return { is: 'string', value: readString(at) }
  if (first === '-' || isDigit(first)) return { is: 'number', text: readNumber(at) }
  const word = Object.keys(words).find((one) => one[0] === first)
  if (word === undefined) throw wrong(at, 'looking for beginning of value')
  return readWord(at, word)
}

function beginObject(at: At, open: Open[]): JsonNode | null {
  if (peek(at) === '}') {
    at.pos++
    return { is: 'object', fields: [] }
  }
  open.push({ is: 'object', fields: [], name: readName(at) })
  return null
}

/** Puts a value into what it stands in. What that has become when it is whole, or null when another value must follow. */
function put(at: At, open: Open[], inside: Open, value: JsonNode): JsonNode | null {
  const next = peek(at)
  if (inside.is === 'array') {
    inside.items.push(value)
    if (next !== ',' && next !== ']') throw wrong(at, 'after array element')
  } else {
    inside.fields.push([inside.name, value])
    if (next !== ',' && next !== '}') throw wrong(at, 'after object key:value pair')
  }
  at.pos++
  if (next === ',') {
    if (inside.is === 'object') inside.name = readName(at)
    return null
  }
  open.pop()
  return inside.is === 'array' ? inside : { is: 'object', fields: inside.fields }
}

function readName(at: At): string {
  if (peek(at) !== '"') throw wrong(at, 'looking for beginning of object key string')
  const name = readString(at)
  if (peek(at) !== ':') throw wrong(at, 'after object key')
  at.pos++
  return name
}

function readWord(at: At, word: string): JsonNode {
  for (let i = 1; i < word.length; i++) {
    at.pos++
    if (letter(at) !== word[i]) throw wrong(at, `in literal ${word} (expecting '${word[i]}')`)
  }
  at.pos++
  return words[word] as JsonNode
}

function readNumber(at: At): string {
  const start = at.pos
  if (letter(at) === '-') at.pos++
  const first = letter(at)
  if (!isDigit(first)) throw wrong(at, 'in numeric literal')
  at.pos++
  if (first !== '0') skipDigits(at)
  if (letterOrNone(at) === '.') {
    at.pos++
    if (!isDigit(letter(at))) throw wrong(at, 'after decimal point in numeric literal')
    skipDigits(at)
  }
  if (/^[eE]$/.test(letterOrNone(at))) {
    at.pos++
    if (/^[+-]$/.test(letter(at))) at.pos++
    if (!isDigit(letter(at))) throw wrong(at, 'in exponent of numeric literal')
    skipDigits(at)
  }
  return at.bytes.toString('latin1', start, at.pos)
}

function skipDigits(at: At): void {
  while (isDigit(letterOrNone(at))) at.pos++
}

const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function readString(at: At): string {
  let text = ''
  let from = ++at.pos
  for (;;) {
    const byte = at.bytes[at.pos]
    if (byte === undefined) throw new JsonError('unexpected EOF')
    if (byte < 0x20) throw wrong(at, 'in string literal')
    if (byte === 0x22 || byte === 0x5c) {
      text += at.bytes.toString('utf8', from, at.pos)
      at.pos++
      if (byte === 0x22) return text.toWellFormed()
      text += readEscape(at)
      from = at.pos
    } else at.pos++
  }
}

function readEscape(at: At): string {
  const kind = letter(at)
  if (kind !== 'u') {
    const text = escapes[kind]
    if (text === undefined) throw wrong(at, 'in string escape code')
    at.pos++
    return text
  }
  for (let i = 0; i < 4; i++) {
    at.pos++
    if (!/^[0-9a-fA-F]$/.test(letter(at))) throw wrong(at, 'in \\u hexadecimal character escape')
  }
  at.pos++
  return String.fromCharCode(Number.parseInt(at.bytes.toString('latin1', at.pos - 4, at.pos), 16))
}

function skipBlanks(at: At): void {
  while (blanks.has(at.bytes[at.pos] ?? -1)) at.pos++
}

/** The next letter that is no blank. */
function peek(at: At): string {
  skipBlanks(at)
  return letter(at)
}

function letter(at: At): string {
  if (at.pos >= at.bytes.length) throw new JsonError('unexpected EOF')
  return letterOrNone(at)
}

function letterOrNone(at: At): string {
  const byte = at.bytes[at.pos]
  return byte === undefined ? '' : String.fromCharCode(byte)
}

function isDigit(text: string): boolean {
  return text >= '0' && text <= '9'
}

function wrong(at: At, where: string): JsonError {
  return new JsonError(`invalid character ${quoted(at.bytes[at.pos] ?? 0)} ${where}`)
}

const named: Record<number, string> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  0x22: '"',
  0x27: "\\'",
  0x5c: '\\\\',
}

/** One byte, shown as the letter with that number. */
function quoted(byte: number): string {
  const hex = byte.toString(16).padStart(2, '0')
  if (named[byte] !== undefined) return `'${named[byte]}'`
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex}'`
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u00${hex}'`
  return `'${String.fromCharCode(byte)}'`
}
