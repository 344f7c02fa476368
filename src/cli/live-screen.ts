/**
 * The moving part at the bottom of a terminal: drawn over itself line by line, so that nothing flickers; what must stay is printed above.
 * When nobody reads, a frame is dropped as a whole, and the next one still knows what stands on the screen.
 */
import type { NonBlockingWriter } from '../system/terminal.ts'
import { foldTo, textColumns } from './text-width.ts'

export interface TerminalSize {
  columns: number
  rows: number
}

export interface LiveScreen {
  draw(lines: readonly string[]): void
  /** Prints lines that stay where the moving part stood, and the moving part below them. These are not dropped. */
  above(lines: readonly string[], below: readonly string[]): void
  clear(): void
}

/** Terminals that know it show all between the two at once; the others ignore them. */
const together = { begin: '\x1b[?2026h', end: '\x1b[?2026l' }

export function liveScreen(out: NonBlockingWriter, size: () => TerminalSize): LiveScreen {
  /** Columns of each line that stands on the screen. */
  let drawn: number[] = []
  // A terminal that became narrower has folded what stood there.
  const upToFirst = (): string => {
    const { columns } = size()
    const rows = drawn.reduce((sum, wide) => sum + Math.max(1, Math.ceil(wide / Math.max(1, columns))), 0)
    return rows > 0 ? `\r\x1b[${rows}A` : ''
  }
  const drawing = (lines: readonly string[]): string => lines.map((line) => `${line}\x1b[K\n`).join('')
  return {
    draw(lines) {
      if (out.frame(`${together.begin}${upToFirst()}${drawing(lines)}\x1b[J${together.end}`)) drawn = lines.map(textColumns)
    },
    above(lines, below) {
      const folded = lines.flatMap((line) => foldTo(line, size().columns))
      // `line` ends its text with a new line, which is the last line's own.
      out.line(`${together.begin}${upToFirst()}${drawing([...folded, ...below]).slice(0, -1)}\x1b[J${together.end}`)
      drawn = below.map(textColumns)
    },
    clear() {
      // A line ends with a new line: one up first, so that none is left empty.
      if (drawn.length > 0) out.line(`${upToFirst()}\x1b[J\x1b[A`)
      drawn = []
    },
  }
}
