/** Names of what we add to a Toxiproxy server: from the name alone it can be told which fault it belongs to, and nobody else's looks so. */

/** `both`: the one toxic of a fault of one stream. `off`: does nothing, and marks a proxy that we have disabled. */
export type ToxicPart = 'one' | 'up' | 'down' | 'off'

const begins = 'squall-'

/** A name is a segment of a path there, so a slash could be created and never be addressed. */
export function toxicName(id: string, part: ToxicPart): string {
  const safe = id.replace(/[^\w-]/gu, (letter) => (letter === '/' ? '.' : `~${Buffer.from(letter).toString('hex')}~`))
  return `${begins}${safe}:${part}`
}

/** Null: none of ours. */
export function readToxicName(name: string): { id: string; part: ToxicPart } | null {
  const [, safe, part] = /^squall-([\w.~-]+):(one|up|down|off)$/.exec(name) ?? []
  if (safe === undefined) return null
  const id = safe.replaceAll('.', '/').replace(/~([0-9a-f]+)~/g, (_, hex: string) => Buffer.from(hex, 'hex').toString())
  return { id, part: part as ToxicPart }
}
