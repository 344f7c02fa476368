/** How much room text takes on a terminal. */
import { stripVTControlCharacters } from 'node:util'

/** Characters that take two columns: East Asian wide and most emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const none = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u

/** Columns; colours do not count. */
export function textColumns(text: string): number {
  let columns = 0
  for (const character of stripVTControlCharacters(text)) columns += characterColumns(character)
  return columns
}

/** Cut to at most `columns`, with `…` at the end where something is missing. Text without colours. */
export function cutTo(text: string, columns: number): string {
  if (textColumns(text) <= columns) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += characterColumns(character)
    if (used > columns - 1) break
    kept += character
  }
  return columns > 0 ? `${kept}…` : ''
}

/** Cut, or filled with blanks. */
export function fitTo(text: string, columns: number): string {
  const cut = cutTo(text, columns)
  return cut + ' '.repeat(Math.max(0, columns - textColumns(cut)))
}

/** Broken at blanks into lines of at most `columns`; those after the first are indented a little more. */
export function foldTo(text: string, columns: number): string[] {
  const indent = ' '.repeat(Math.min(columns >> 1, text.length - text.trimStart().length + 4))
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== '' && textColumns(line) + 1 + textColumns(word) > columns) {
      lines.push(line)
      line = indent + word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function characterColumns(character: string): number {
  return wide.test(character) ? 2 : none.test(character) ? 0 : 1
}
