/** Syntax errors of YAML, said for people: only the first one, the others are mostly its consequences. */
import type { Document, YAMLError } from 'yaml'
import type { Finding } from './yaml-walk.ts'

export const nestedMessage = 'the document is nested too deeply or repeats itself too often'

interface Said {
  message: string
  fix: string
  /** Where to point, when it is not where the parser noticed. */
  range?: readonly [from: number, to: number]
}

const quoteIt = 'quote the value'
const bracesFix = 'inside { } a comma ends the value and a colon needs a blank: quote the value, e.g. { url: "…" }'

/** At most one finding. Warnings count as errors. */
export function syntaxFindings(document: Document, text: string): Finding[] {
  const first = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])[0]
  const blank = oddBlank(text)
  // An odd blank turns what should be a map into text, long before the parser notices.
  if (blank !== undefined && (!first || blank <= endOfLine(text, first.pos[0]))) {
    const message = 'this blank is not an ordinary one (from a web page or a text processor?)'
    return [finding({ message, fix: 'type an ordinary blank instead', range: [blank, blank + 1] })]
  }
  if (first) return [syntaxFinding(first, text)]
  const directive = document.directives?.yaml
  if (directive?.explicit !== true || directive.version === '1.2') return []
  return [feature({ message: `YAML ${directive.version} is not read`, fix: 'remove the %YAML line', range: [0, 5] })]
}

function syntaxFinding(error: YAMLError, text: string): Finding {
  const [from, to] = error.pos
  const range = [from, Math.max(from + 1, Math.min(to, endOfLine(text, from)))] as const
  if (/call stack|stack overflow/i.test(error.message))
    return { code: 'too-large', message: nestedMessage, path: [], range, fix: 'write one experiment, without copies' }
  if (/tag/i.test(error.code) || /unresolved tag|tag handle/i.test(error.message))
    return feature({ message: `not valid YAML: ${plainly(error)}`, fix: 'leave the tag out', range })
  const said = unclosedQuote(error, text) ?? unclosedBracket(error, text) ?? byPlace(error, text) ?? byCode(error)
  return finding({ range, ...said })
}

function finding({ message, fix, range }: Required<Said>): Finding {
  return { code: 'syntax', message: `not valid YAML: ${message}`, fix, path: [], range }
}

function feature({ message, fix, range }: Required<Said>): Finding {
  return { code: 'yaml-feature', message, fix, path: [], range }
}

/** What errors of the parser mean to somebody who has not read the specification; without a message the parser's own is clear enough. */
const meanings: Readonly<Partial<Record<YAMLError['code'], { message?: string; fix: string }>>> = {
  TAB_AS_INDENT: { message: 'tabs cannot indent', fix: 'use blanks' },
  BAD_INDENT: { message: 'the indentation does not fit the lines above', fix: 'indent it like the line it belongs to' },
  MULTIPLE_DOCS: { message: 'a second document starts here', fix: 'one document a file: remove the ---' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second colon: the value needs quotes',
    fix: `${quoteIt}, or begin a new line after the first colon`,
  },
  BLOCK_IN_FLOW: { message: 'inside { } and [ ] a comma is missing, or a value needs quotes', fix: 'write a comma between the two' },
  BAD_SCALAR_START: { fix: quoteIt },
  BAD_DQ_ESCAPE: { fix: 'inside "…" write \\\\ for a backslash, or take \'…\'' },
  KEY_OVER_1024_CHARS: { fix: quoteIt },
}

function byCode(error: YAMLError): Said {
  const meaning = meanings[error.code]
  if (meaning) return { message: plainly(error), ...meaning }
  return { message: `this does not belong here (${plainly(error)})`, fix: 'remove it, or quote the value' }
}

/** What the text around tells better than the error. */
function byPlace(error: YAMLError, text: string): Said | undefined {
  const from = error.pos[0]
  const before = text.slice(0, from)
  const line = lineAt(text, from)
  if (error.code === 'MULTILINE_IMPLICIT_KEY' || error.message.startsWith('Implicit map keys')) return withoutColon(text, from)
  if (error.message.startsWith('Missing , ')) return { message: 'a comma is missing before this', fix: 'write a comma' }
  if (error.message.startsWith('Sequence item without')) return { ...(meanings.BAD_INDENT as Said) }
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY') {
    const end = endOfLine(text, from)
    return /:\s/.test(text.slice(from, end)) || end === text.length ? undefined : deeper(text, end + 1)
  }
  if (/not a YAML token|block scalar header/i.test(error.message))
    return {
      message: 'a text that begins with | or > stands on the lines below',
      fix: 'begin a new line and indent the text, or quote the value',
    }
  if (/flow-(?:map|seq)-end token/.test(error.message)) return { message: 'a closing bracket too many', fix: 'remove it' }
  if (error.message.includes('block-seq-ind')) return { message: 'a text that begins with “- ” needs quotes', fix: quoteIt }
  if (!/node end|flow-map-start|flow-seq-start/.test(error.message)) return undefined
  if (/[{[].*(?:\$\{|\{.*\{|[=<>]")/.test(line)) return { message: 'a brace or a quote inside a value', fix: bracesFix }
  if (/["']$/.test(before.trimEnd()) && /^\s*["']|["'].*["']/.test(line.slice(line.indexOf(':') + 1)))
    return {
      message: 'the text goes on after its closing quote',
      fix: "write a quote inside twice (''), or take the other kind around the text",
    }
  if (/[\]}]$/.test(before.trimEnd())) return { message: 'something follows the closing bracket', fix: 'write a comma between the two' }
  if (/[{[]/.test(before.split('\n').at(-1) ?? '')) return { message: 'a brace inside a value', fix: bracesFix }
  return undefined
}

/** `name checkout`, `name = checkout`, `name:checkout`: a line that was meant as a key and its value. */
function withoutColon(text: string, from: number): Said {
  const line = lineAt(text, from)
  const above = text.slice(0, startOfLine(text, from)).trimEnd().split('\n').at(-1) ?? ''
  if (/:\s*[|>][+-]?$/.test(above)) return { message: 'the text below | or > is not indented', fix: 'indent it' }
  const [, key, value] = /^\s*(?:- )?([\w-]+)\s*[:=]?\s*(.*)$/.exec(line) ?? []
  if (/^\s*\/[/*]/.test(line)) return { message: 'a comment begins with #', fix: 'write # instead' }
  if (/^\s*- /.test(line)) return { message: 'a list item where a key is expected', fix: 'indent it below its key' }
  const message = 'a line without a colon and a blank'
  return { message, fix: key !== undefined && value ? `write “${key}: ${value}”` : 'write “key: value”' }
}

function deeper(text: string, at: number): Said {
  const indent = /^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0
  const range = [at + indent, Math.max(at + indent + 1, endOfLine(text, at))] as const
  return { message: 'this line is indented deeper than the key above it', fix: 'indent it like the line above', range }
}

/** The parser notices only at the end of the text: the line with an odd number of quotes is where it began. */
function unclosedQuote(error: YAMLError, text: string): Said | undefined {
  if (!/missing closing (?:"|')quote/i.test(error.message)) return undefined
  let start = 0
  for (const line of text.split('\n')) {
    const odd = ['"', "'"].map((mark) => (line.split(mark).length % 2 === 0 ? line.indexOf(mark) : -1)).find((at) => at >= 0)
    if (odd !== undefined)
      return { message: 'a quote that is not closed', fix: 'close it on the same line', range: [start + odd, start + line.length] }
    start += line.length + 1
  }
  return { message: 'a quote that is not closed', fix: 'close it on the same line', range: [0, 1] }
}

/** The same for brackets: noticed where the text is indented too little, or ends. */
function unclosedBracket(error: YAMLError, text: string): Said | undefined {
  if (!error.message.startsWith('Flow ')) return undefined
  const open: number[] = []
  for (const { index, 0: mark } of text.slice(0, error.pos[0]).matchAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[\]{}]/g)) {
    if (mark === '[' || mark === '{') open.push(index)
    else if (mark === ']' || mark === '}') open.pop()
  }
  const at = open.at(-1)
  if (at === undefined) return undefined
  const closing = text[at] === '{' ? '}' : ']'
  return { message: `a ${text[at]} that is not closed`, fix: `close it with ${closing}`, range: [at, endOfLine(text, at)] }
}

/** Where a blank that only looks like one stands at the beginning of a line or behind a colon. */
function oddBlank(text: string): number | undefined {
  const found = /(?:^|:)[ \t]*[\u00a0\u2007\u200b\u202f\u3000]/m.exec(text)
  return found ? found.index + found[0].length - 1 : undefined
}

function lineAt(text: string, at: number): string {
  return text.slice(startOfLine(text, at), endOfLine(text, at))
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/** The parser's first sentence, as the second half of ours. */
function plainly(error: YAMLError): string {
  const sentence = (error.message.split(/\n|\. | at line /)[0] ?? error.message).trim()
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
