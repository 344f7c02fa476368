/** Syntax errors of YAML, said for people: only the first one, the others are mostly its consequences. */
import type { Document } from 'yaml'
import type { Finding } from './read-yaml.ts'

const bracesFix = 'inside { } a comma ends the value and a colon needs a blank: quote the value, e.g. { url: "…" }'

const sentences: Readonly<Record<string, { message: string; fix?: string }>> = {
  TAB_AS_INDENT: { message: 'tabs cannot indent', fix: 'use blanks' },
  BAD_INDENT: { message: 'the indentation does not fit the lines above', fix: 'indent alike, or close a [ or { above' },
  MULTIPLE_DOCS: { message: 'a second document starts here', fix: 'one document a file: remove the ---' },
  MISSING_CHAR: { message: 'something is missing here' },
  UNEXPECTED_TOKEN: { message: 'this does not belong here' },
  BLOCK_AS_IMPLICIT_KEY: { message: 'a second colon: the value needs quotes', fix: 'quote the value' },
  BLOCK_IN_FLOW: { message: 'inside { } and [ ] no indented block can stand' },
  MULTILINE_IMPLICIT_KEY: { message: 'a line without a colon, or a quote that is not closed' },
}

/** At most one finding for broken syntax, but all duplicate keys. Warnings count as errors. */
export function syntaxFindings(document: Document, text: string): Finding[] {
  const errors = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  const findings: Finding[] = []
  for (const error of errors.filter((candidate) => candidate.code === 'DUPLICATE_KEY')) {
    const key = /^[\w-]+/.exec(text.slice(error.pos[0]))?.[0] ?? ''
    findings.push({
      code: 'duplicate-key',
      message: `the key “${key}” stands twice`,
      fix: 'remove one of them',
      path: [],
      range: [error.pos[0], error.pos[0] + Math.max(1, key.length)],
    })
  }
  const first = errors.find((candidate) => candidate.code !== 'DUPLICATE_KEY')
  if (first) findings.push(syntaxFinding(first, text))
  const directive = document.directives?.yaml
  if (findings.length === 0 && directive?.explicit === true && directive.version !== '1.2') {
    findings.push({
      code: 'yaml-feature',
      message: `YAML ${directive.version} is not read`,
      fix: 'remove the %YAML line',
      path: [],
      range: [0, 5],
    })
  }
  return findings
}

function syntaxFinding(error: { code: string; message: string; pos: [number, number] }, text: string): Finding {
  const quoteChar = /missing closing (?:"|')quote/i.test(error.message)
  if (quoteChar) return unclosed(text)
  const known = Object.hasOwn(sentences, error.code) ? sentences[error.code] : undefined
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1, endOfLine(text, error.pos[0]))
  const inBraces = /[{[].*(?:\$\{|\{.*\{|[=<>]")/.test(line)
  const tag = /tag/i.test(error.code) || /unresolved tag|tag handle/i.test(error.message)
  const message = `not valid YAML: ${known ? known.message : lowerFirst(firstSentence(error.message))}`
  const detail =
    known?.message === 'something is missing here' || known?.message === 'this does not belong here'
      ? ` (${lowerFirst(firstSentence(error.message))})`
      : ''
  const fix = tag ? 'leave the tag out' : inBraces ? bracesFix : known?.fix
  const range = [error.pos[0], Math.max(error.pos[0] + 1, Math.min(error.pos[1], endOfLine(text, error.pos[0])))] as const
  return { code: tag ? 'yaml-feature' : 'syntax', message: message + detail, path: [], range, ...(fix !== undefined && { fix }) }
}

/** The parser notices only at the end of the text: the line with an odd number of quotes is where it began. */
function unclosed(text: string): Finding {
  let start = 0
  for (const line of text.split('\n')) {
    const odd = ['"', "'"].map((mark) => (line.split(mark).length % 2 === 0 ? line.indexOf(mark) : -1)).find((at) => at >= 0)
    if (odd !== undefined)
      return {
        code: 'syntax',
        message: 'not valid YAML: a quote that is not closed',
        fix: 'close it on the same line',
        path: [],
        range: [start + odd, start + line.length],
      }
    start += line.length + 1
  }
  return { code: 'syntax', message: 'not valid YAML: a quote that is not closed', path: [], range: [0, 1] }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function firstSentence(message: string): string {
  return (message.split(/\n|\. | at line /)[0] ?? message).trim()
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
