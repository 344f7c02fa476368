/** HTML in which forgetting to escape is impossible: what is put into a `html` template is text unless it is markup itself. */

export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Insert = Markup | string | number | null | undefined | readonly Insert[]

/** Strings and numbers are escaped, lists joined, null and undefined left out. */
export function html(parts: TemplateStringsArray, ...inserts: Insert[]): Markup {
  return new Markup(parts.reduce((text, part, n) => text + part + (n < inserts.length ? render(inserts[n]) : ''), ''))
}

function render(insert: Insert): string {
  if (insert === null || insert === undefined) return ''
  if (insert instanceof Markup) return insert.text
  if (typeof insert === 'object') return insert.map(render).join('')
  return escapeText(String(insert))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g

/** Safe between tags and in quoted attributes. Control characters and those that turn the direction of writing become visible. */
export function escapeText(text: string): string {
  return text.replace(invisible, '\ufffd').replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** JSON that can stand inside a script element: no end tag and no comment can begin in it. */
export function scriptJson(value: unknown): Markup {
  const json = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? part.replace(invisible, '\ufffd') : part))
  return new Markup(json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`))
}
