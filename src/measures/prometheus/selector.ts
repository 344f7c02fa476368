/** A selector of series, `http_requests_total{code=~"5.."}`: read, written again, and matched against labels. */

export type Labels = Readonly<Record<string, string>>

interface Matcher {
  label: string
  op: '=' | '!=' | '=~' | '!~'
  value: string
}

export interface Selector {
  /** Of the metric. */
  name: string
  matchers: readonly Matcher[]
  /** As it was written. */
  text: string
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const whole = new RegExp(`^(${metricName})\\s*(?:\\{(.*)\\})?$`, 's')
const matcherPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*(?:,|$)/y

/** Null when it is not one selector and nothing else. */
export function parseSelector(text: string): Selector | null {
  const match = whole.exec(text.trim())
  if (!match) return null
  const inside = (match[2] ?? '').trim()
  const matchers: Matcher[] = []
  matcherPattern.lastIndex = 0
  while (matcherPattern.lastIndex < inside.length) {
    const found = matcherPattern.exec(inside)
    if (!found) return null
    matchers.push({ label: found[1] as string, op: found[2] as Matcher['op'], value: unquoted(found[3] as string) })
  }
  return { name: match[1] as string, matchers, text: text.trim() }
}

/** Regular expressions match whole values, as in PromQL; a label that is not there is empty. */
export function matches({ name, matchers }: Selector, metric: string, labels: Labels): boolean {
  return (
    metric === name &&
    matchers.every(({ label, op, value }) => {
      const have = labels[label] ?? ''
      if (op === '=') return have === value
      if (op === '!=') return have !== value
      return new RegExp(`^(?:${value})$`, 's').test(have) === (op === '=~')
    })
  )
}

/** `up{job="shop"}` for a message. */
export function shownSeries(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(', ')}}` : ''}`
}

/** The selector of exactly this series. */
export function exactSelector(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'start', 'end', 'atan2'])
const token = new RegExp(
  [
    '("(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\'|`[^`]*`)', // 1: a string
    '\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)', // label names
    '\\[[^\\]]*\\]', // a range
    '\\b\\d[\\w.]*', // a number or a duration
    `(${metricName})(\\s*\\(|\\s+(?=(?:by|without)\\b))?\\s*(\\{(?:"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|\`[^\`]*\`|[^}])*\\})?`, // 2: name, 3: of a function, 4: matchers
  ].join('|'),
  'gs',
)

/** The selectors by name inside a PromQL expression, each once; `instant`: it stands without a range of its own. */
export function selectorsIn(expression: string): (Selector & { instant: boolean })[] {
  const found = new Map<string, Selector & { instant: boolean }>()
  for (const match of expression.matchAll(token)) {
    const [text, , name, call, matchers = ''] = match
    if (name === undefined || call !== undefined || words.has(name.toLowerCase())) continue
    const selector = parseSelector(name + matchers)
    const instant = !/^\s*\[[^:\]]*\]/.test(expression.slice(match.index + text.length))
    if (selector) found.set(`${selector.text} ${instant}`, { ...selector, instant })
  }
  return [...found.values()]
}

function unquoted(text: string): string {
  const inside = text.slice(1, -1)
  if (text.startsWith('`')) return inside
  return inside.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character === 't' ? '\t' : character))
}
