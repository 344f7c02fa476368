/**
 * Finds the value of a secret in a text: as it is, with escapes (`%2F`, `\"`, `\u00fc`), inside base64, and in part where somebody
 * has cut a text short.
 */

export interface Trace {
  value: string
  /** The value and its lines, as UTF-8 bytes in a binary string. */
  plain: string[]
  /** What base64 makes of it, wherever it begins inside what was encoded, in both alphabets. */
  encoded: string[]
}

export type Range = [from: number, to: number]

/** What stands instead of a value: always the same, so that it tells no length. */
const mask = '•••'

/** Characters at the end of a cut text that count as the beginning of a value. */
const shortestPiece = 6

/** `shortest`: parts of the value (its lines) with fewer characters are not looked for. */
export function traceOf(value: string, shortest: number): Trace {
  // A key of several lines is often shown line by line.
  const lines = value.split(/\r?\n/).filter((line) => line.length >= 2 * shortest)
  const plain = [...new Set([value, value.trim(), ...lines])].filter((piece) => piece.length >= shortest)
  const encoded = base64Of(value).flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
  return { value, plain: plain.map(binary), encoded: [...new Set(encoded)] }
}

/** The text with `•••` for each value. */
export function withoutTraces(text: string, traces: readonly Trace[]): string {
  let result = ''
  let at = 0
  for (const [from, to] of tracesIn(text, traces)) {
    if (from >= at) result += text.slice(at, from) + mask
    at = Math.max(at, to)
  }
  return result + text.slice(at)
}

/** Ordered by where they begin; they may overlap. */
export function tracesIn(text: string, traces: readonly Trace[]): Range[] {
  const views = viewsOf(text)
  const ranges: Range[] = []
  for (const { value, plain, encoded } of traces) {
    for (const view of views) {
      for (const needle of plain) ranges.push(...occurrences(view, needle))
      for (const needle of encoded) ranges.push(...occurrences(view, needle).map((range) => wholeWord(text, range)))
    }
    ranges.push(...cutPieces(text, value))
  }
  return ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1])
}

/** A text as bytes, and for each byte the index in the text where it came from; null: the same index. */
interface View {
  bytes: string
  from: number[] | null
  length: number
}

const percent = /%[0-9a-f]{2}/gi
/** JSON's escapes; a character outside the basic plane is two of them, which belong together. */
const backslash = /\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|u[0-9a-f]{4}|["\\/bfnrt])/gi

/** The text as it is; and, where there are escapes, with them undone. */
function viewsOf(text: string): View[] {
  const views = [viewOf(text)]
  if (text.includes('%')) views.push(viewOf(text, percent, (escape) => Buffer.from(escape.slice(1), 'hex')))
  if (text.includes('\\')) views.push(viewOf(text, backslash, fromJson))
  return views
}

function viewOf(text: string, escapes?: RegExp, undo?: (escape: string) => Buffer): View {
  // Most texts are ASCII without escapes: then bytes and characters are the same.
  if (!escapes && /^[\u0000-\u007f]*$/.test(text)) return { bytes: text, from: null, length: text.length }
  const from: number[] = []
  const parts: string[] = []
  const add = (bytes: string, at: number): void => {
    parts.push(bytes)
    for (let i = 0; i < bytes.length; i++) from.push(at)
  }
  const addPlain = (start: number, end: number): void => {
    for (let at = start; at < end; at++) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
      add(binary(character), at)
      at += character.length - 1
    }
  }
  let last = 0
  for (const match of escapes && undo ? text.matchAll(escapes) : []) {
    addPlain(last, match.index)
    add(undo?.(match[0]).toString('latin1') ?? '', match.index)
    last = match.index + match[0].length
  }
  addPlain(last, text.length)
  return { bytes: parts.join(''), from, length: text.length }
}

function fromJson(escape: string): Buffer {
  try {
    return Buffer.from(JSON.parse(`"${escape}"`) as string, 'utf8')
  } catch {
    return Buffer.from(escape, 'utf8') // `\U`, `\N`: JSON knows only small letters.
  }
}

function occurrences({ bytes, from, length }: View, needle: string): Range[] {
  const ranges: Range[] = []
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) {
    const end = at + needle.length
    ranges.push(from ? [from[at] ?? 0, from[end] ?? length] : [at, end])
  }
  return ranges
}

/** Base64 goes with what stands around it: the characters beside the needle hold bits of the value too. */
function wholeWord(text: string, [from, to]: Range): Range {
  const isBefore = /[A-Za-z0-9+/_%-]/
  const isBehind = /[A-Za-z0-9+/_%=-]/
  let [start, end] = [from, to]
  while (start > 0 && isBefore.test(text[start - 1] ?? '')) start--
  while (end < text.length && isBehind.test(text[end] ?? '')) end++
  return [start, end]
}

/** The characters that base64 makes of the value alone, when 0, 1 or 2 bytes stand before it in a group of three. */
function base64Of(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
}

/** Where a text begins, ends or is marked as cut, half a value may stand. */
function cutPieces(text: string, value: string): Range[] {
  if (value.length <= shortestPiece) return []
  const ranges: Range[] = []
  for (const match of text.matchAll(/["'”]?(?:…|\.\.\.)["'“]?|^|$/g)) {
    const start = match.index
    const end = start + match[0].length
    ranges.push(...headBefore(text, start, value), ...tailFrom(text, end, value))
  }
  return ranges
}

/** The beginning of the value that ends at `end`. */
function headBefore(text: string, end: number, value: string): Range[] {
  const head = value.slice(0, shortestPiece)
  for (
    let at = text.lastIndexOf(head, end - shortestPiece);
    at >= 0 && end - at < value.length;
    at = at > 0 ? text.lastIndexOf(head, at - 1) : -1
  )
    if (at + shortestPiece <= end && value.startsWith(text.slice(at, end))) return [[at, end]]
  return []
}

/** The end of the value that begins at `start`. */
function tailFrom(text: string, start: number, value: string): Range[] {
  const tail = value.slice(-shortestPiece)
  for (let at = text.indexOf(tail, start); at !== -1 && at + shortestPiece - start < value.length; at = text.indexOf(tail, at + 1))
    if (value.endsWith(text.slice(start, at + shortestPiece))) return [[start, at + shortestPiece]]
  return []
}

function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
