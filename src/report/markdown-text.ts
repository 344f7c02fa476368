/** GitHub-flavoured Markdown in which text of others stays text: no formatting, no HTML, no links to people or issues. */
import { oneLine } from './plain-text.ts'

/** Text that reads as itself anywhere in a line. An empty comment inside keeps `@name`, `#1` and addresses from becoming links. */
export function text(value: string): string {
  return oneLine(value)
    .trim()
    .replace(/[\\`*_[\]<>|~$&]/g, (character) => entities[character] ?? `\\${character}`)
    .replace(/[@#]/g, '$&<!-- -->')
    .replace(/\b(GH)(?=-\d)|\b(www)(?=\.)|:(?=\/\/)/gi, '$&<!-- -->')
    .replace(/^(?:[-+](?=\s|$)|--|=)|^\d{1,9}(?=[.)](?:\s|$))/, (start) => (/\d/.test(start) ? `${start}<!-- -->` : `\\${start}`))
}

/** Readers of HTML before Markdown must not see a tag. */
const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' }

/** A table; cells are Markdown already. The first row is the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text as it stands, in a fence longer than any inside it. */
export function fenced(value: string, language: string): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${value.replace(/\n*$/, '')}\n${fence}`
}

/** Folded away until somebody opens it. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${text(summary)}</summary>\n\n${body}\n\n</details>`
}
