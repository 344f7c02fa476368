/** The text format of a page of metrics: Prometheus 0.0.4 and OpenMetrics 1.0. */
import type { Labels } from './selector.ts'

export interface PageSample {
  name: string
  labels: Labels
  value: number
}

export interface MetricsPage {
  samples: PageSample[]
  /** By metric family: counter, gauge, histogram, summary, … */
  types: ReadonlyMap<string, string>
}

const nameStart = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const labelPattern = /\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:[^"\\]|\\.)*)")\s*(=)?\s*/y
const quotedPattern = /"((?:[^"\\]|\\.)*)"/y
/** Value, then perhaps a timestamp, then perhaps an exemplar. */
const valuePattern = /^\s*(\S+)(?:\s+-?[\d.]+(?:e[+-]?\d+)?)?\s*(?:#.*)?$/

/** `problem` names the first line that is in neither format. */
export function parseExposition(text: string): MetricsPage | { problem: string } {
  const samples: PageSample[] = []
  const types = new Map<string, string>()
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '') continue
    if (trimmed.startsWith('#')) {
      const [, family, type] = /^#\s*TYPE\s+(\S+)\s+(\S+)/.exec(trimmed) ?? []
      if (family !== undefined && type !== undefined) types.set(family.replace(/^"(.*)"$/, '$1'), type)
      continue
    }
    const sample = parseSample(trimmed)
    if (!sample) return { problem: `line ${i + 1} is no line of metrics: ${trimmed.slice(0, 60)}` }
    samples.push(sample)
  }
  return { samples, types }
}

function parseSample(line: string): PageSample | null {
  nameStart.lastIndex = 0
  let name = nameStart.exec(line)?.[0] ?? ''
  let at = name.length
  const labels: Record<string, string> = {}
  while (line[at] === ' ' && line[at + 1] === '{') at++
  if (line[at] === '{') {
    at++
    for (;;) {
      if (/[\s,]/.test(line[at] ?? 'x')) at++
      else if (line[at] === '}') break
      else {
        labelPattern.lastIndex = at
        const label = labelPattern.exec(line)
        if (!label) return null
        at = labelPattern.lastIndex
        const key = label[1] ?? unescaped(label[2] ?? '')
        if (label[3] === undefined) {
          name = key // A name that needs quotes stands inside the braces, alone.
          continue
        }
        quotedPattern.lastIndex = at
        const value = quotedPattern.exec(line)
        if (!value) return null
        at = quotedPattern.lastIndex
        labels[key] = unescaped(value[1] ?? '')
      }
    }
    at++
  }
  const value = numberOf(valuePattern.exec(line.slice(at))?.[1])
  return name === '' || value === null ? null : { name, labels, value }
}

/** NaN and infinities are numbers here: what they mean for a measure is said elsewhere. */
function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^nan$/i.test(text)) return Number.NaN
  const value = Number(text)
  return Number.isNaN(value) ? null : value
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
