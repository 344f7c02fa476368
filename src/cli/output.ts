/** What people and programs get to see: streams, colours, tables, errors. */
import { inspect, stripVTControlCharacters, styleText } from 'node:util'
import { SquallError } from '../errors.ts'
import { maskedOutput } from '../system/masking.ts'
import type { CommandContext } from './context.ts'

/** Where output goes; `process` has this shape, and so has a test's pair of buffers. */
export interface Streams {
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
}

/** A context in which each text ends its own line. `wrote()` tells whether data has gone to stdout already. */
export interface OutputContext extends Omit<CommandContext, 'shape'> {
  wrote(): boolean
}

export function commandContext(streams: Streams, json: boolean): OutputContext {
  let wrote = false
  const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
  return {
    json,
    out(text) {
      wrote = true
      streams.stdout.write(line(maskedOutput(text)))
    },
    err: (text) => void streams.stderr.write(line(maskedOutput(text))),
    wrote: () => wrote,
  }
}

type Style = Parameters<typeof styleText>[0]

/** Coloured for stdout when that is a terminal and colours are wanted (NO_COLOR, FORCE_COLOR, --no-color). */
export function colour(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** The same for stderr. */
function colourErr(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr })
}

/** Columns as wide as their widest cell, two blanks between them; colours inside cells do not count. No border, no trailing blanks. */
export function table(rows: readonly (readonly string[])[], options: { head?: readonly string[] } = {}): string {
  const all = options.head ? [options.head.map((cell) => colour('bold', cell)), ...rows] : rows
  const visible = (cell: string): number => stripVTControlCharacters(cell).length
  const widths: number[] = []
  for (const row of all) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, visible(cell))
  const padded = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - visible(cell)))
      .join('  ')
      .trimEnd()
  return all.map(padded).join('\n')
}

/** Shows an error in the one form all errors have and returns its exit code. What is no SquallError is a defect of ours: with its stack. */
export function showError(error: unknown, context: OutputContext): number {
  const known = error instanceof SquallError ? error : new SquallError('internal', inspect(error))
  if (context.json && !context.wrote()) {
    context.out(JSON.stringify({ error: known.toJSON(), exit: known.exit }, null, 2))
    return known.exit
  }
  context.err(`${colourErr('red', 'squall:')} ${known.message}\n  hint: ${known.hint}\n  code: ${known.code}`)
  return known.exit
}
