/** Where a proxy listens or passes on to: a TCP address or a Unix socket. */
import { isIPv6, type Socket } from 'node:net'

export type Address = { host: string | null; port: number } | { path: string }

/**
 * Reads `host:port`, `[v6]:port`, `:port` (all interfaces), `/path`, `unix:/path`, and `http://host[:port]`.
 * @throws Error in the words of Go's resolver, which clients of Toxiproxy compare
 */
export function parseAddress(text: string): Address {
  const written = text.replace(/^http:\/\//, '').replace(/\/$/, text.startsWith('http://') ? '' : '/')
  if (written.startsWith('unix:')) return { path: written.slice(5) }
  if (written.startsWith('/')) return { path: written }
  const complete = text.startsWith('http://') && !/:\d+$/.test(written) ? `${written}:80` : written
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(complete) ?? []
  if (port === undefined)
    throw new Error(`address ${text}: ${complete.includes(':') ? 'too many colons in address' : 'missing port in address'}`)
  const number = Number(port === '' ? 0 : port)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new Error(`address ${port}: invalid port`)
  const host = bracketed ?? plain ?? ''
  return { host: host === '' ? null : host, port: number }
}

/** How the system names an end of a connection. */
export function addressText(host: string | undefined, port: number | undefined): string {
  if (host === undefined || port === undefined) return ''
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

export function callerOf(socket: Socket): string {
  return addressText(socket.remoteAddress, socket.remotePort)
}
