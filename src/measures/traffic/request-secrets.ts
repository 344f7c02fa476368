/** Values of secrets in what is sent: filled in where it is sent, and nowhere else. */
import { fillSecrets } from '../../document/secrets.ts'

interface Sent {
  url: string
  headers: Readonly<Record<string, string>>
  body: string | null
}

/** The request with its secrets, each written as its place wants it. */
export async function withSecrets<T extends Sent>(request: T, lookup: (name: string) => Promise<string>): Promise<T> {
  const headers = await Promise.all(
    Object.entries(request.headers).map(async ([name, value]) => [name, await fillSecrets(value, lookup)] as const),
  )
  const url = await fillSecrets(request.url, lookup, encodeURIComponent)
  const body = request.body === null ? null : await fillSecrets(request.body, lookup, writerFor(request.headers))
  return { ...request, url, headers: Object.fromEntries(headers), body }
}

/** How a value is written into a body of this type: as a part of a JSON text or of a form, or as it is. */
function writerFor(headers: Readonly<Record<string, string>>): (value: string) => string {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  if (/json/i.test(type)) return (value) => JSON.stringify(value).slice(1, -1)
  return /x-www-form-urlencoded/i.test(type) ? encodeURIComponent : (value) => value
}
