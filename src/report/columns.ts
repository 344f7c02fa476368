/** Plain text in columns and lines of at most 100 characters. */
import { oneLine } from './plain-text.ts'

export const textWidth = 100

/** Columns as wide as their widest cell, two blanks between them, cut at `most` characters. */
export function columns(rows: readonly (readonly string[])[], most = textWidth): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    clip(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
      most,
    ),
  )
}

/** Breaks at blanks; the lines after the first stand below the first one's text. */
export function wrap(text: string, first: string): string[] {
  const room = textWidth - first.length
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(/ +/)) {
    // `::` at the start of a line is an order to GitHub Actions.
    if (line !== '' && line.length + 1 + word.length > room && !word.startsWith('::')) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines.map((each, n) => clip(`${n === 0 ? first : ' '.repeat(first.length)}${each}`, 400).trimEnd())
}

function clip(line: string, most: number): string {
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}
