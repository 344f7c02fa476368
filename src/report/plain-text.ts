/** Text of others for places where it must not do anything. */
import { stripVTControlCharacters } from 'node:util'

/** One line: no control characters, nothing that moves a cursor, colours a terminal or turns the direction of writing. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
}
