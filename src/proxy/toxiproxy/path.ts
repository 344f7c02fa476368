/** The path of a request: decoded, and whether it is written the way it must be. */

export interface RequestPath {
  /** Its segments after decoding. */
  path: string
  /** Where the request is sent instead, when its path holds `//`, `.` or `..`. */
  redirect: string | null
}

/** Null: no path at all. */
export function requestPath(url: string): RequestPath | null {
  const [, rest = url] = /^https?:\/\/[^/?#]*(.*)$/i.exec(url) ?? []
  const at = rest.indexOf('?')
  const raw = at < 0 ? rest : rest.slice(0, at)
  const query = at < 0 ? '' : rest.slice(at)
  const path = decoded(raw === '' ? '/' : raw)
  if (path === null || (!path.startsWith('/') && path !== '*')) return null
  const clean = cleaned(path)
  return { path, redirect: clean === path ? null : `${encodeURI(clean).replace(/[?#]/g, encodeURIComponent)}${query}` }
}

function decoded(raw: string): string | null {
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) return null
  const bytes = raw.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

function cleaned(path: string): string {
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}${path.endsWith('/') && kept.length > 0 ? '/' : ''}`
}
