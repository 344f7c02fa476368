/** `${secret:NAME}` inside a text: a reference that is filled in at the place of use and nowhere else. */

const reference = /\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}/g

/** The names of the secrets that a text refers to, each once. */
export function secretNames(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(reference), (match) => match[1] ?? ''))]
}

/**
 * The text with its secrets; `lookup` gives a value or throws. Values are not searched for further references. `write` says how a value
 * is written at this place, e.g. `encodeURIComponent` in an address.
 */
export async function fillSecrets(
  text: string,
  lookup: (name: string) => Promise<string>,
  write: (value: string) => string = (value) => value,
): Promise<string> {
  const values = new Map<string, string>()
  for (const name of secretNames(text)) values.set(name, write(await lookup(name)))
  return text.replace(reference, (_, name: string) => values.get(name) ?? '')
}

/** The values of these secrets by their names, e.g. for the environment of a program. `lookup` gives a value or throws. */
export async function readSecrets(names: readonly string[], lookup: (name: string) => Promise<string>): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const name of names) values[name] = await lookup(name)
  return values
}
