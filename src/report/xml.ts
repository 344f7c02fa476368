/** XML elements from plain data: forgetting to escape is impossible. */

export interface Element {
  name: string
  /** Undefined ones are left out. */
  attributes: Readonly<Record<string, string | number | undefined>>
  /** Elements, or one text. */
  content?: readonly Element[] | string
}

/** A whole document, indented by two. */
export function renderXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}`
}

function render({ name, attributes, content }: Element, indent: string): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapedAttribute(String(value))}"`],
  )
  const start = `${indent}<${name}${given.join('')}`
  if (content === undefined || content.length === 0) return `${start}/>\n`
  if (typeof content === 'string') return `${start}>${escaped(content)}</${name}>\n`
  return `${start}>\n${content.map((element) => render(element, `${indent}  `)).join('')}${indent}</${name}>\n`
}

/** Characters that XML 1.0 does not have, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu

function escaped(text: string): string {
  return text.replace(impossible, '\ufffd').replace(/[&<>\r]/g, entity)
}

/** In an attribute, line ends and tabs would become blanks. */
function escapedAttribute(text: string): string {
  return escaped(text).replace(/["\n\t]/g, entity)
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`
}
