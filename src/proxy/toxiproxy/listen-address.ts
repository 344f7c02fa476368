/** Where a proxy is to listen: read, resolved and refused with the rules and the words that Toxiproxy has from Go's `net`. */
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { getSystemErrorMessage } from 'node:util'
import { monotonicMs } from '../../system/clock.ts'

export interface ListenAddress {
  /** As it is shown: `127.0.0.1:80`, `[::1]:80`, `:80`. */
  text: string
  /** In figures; empty: all. */
  ip: string
  /** A wildcard listens on both families. */
  wildcard: boolean
  port: number
}

/** Its message is what the client gets to see. */
export class AddressError extends Error {}

/** @throws AddressError also when the name is not resolved when the monotonic clock shows `until` */
export async function resolveListen(listen: string, until: number): Promise<ListenAddress> {
  const { host, service } = splitHostPort(listen)
  const port = portOf(service)
  const ip = await ipOf(host, until)
  const wildcard = ip === '' || ip === '0.0.0.0' || /^[0:]+$/.test(ip)
  return { text: hostPort(ip, port), ip, wildcard, port }
}

export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Nobody answers there: dialling it fails at once. */
const nowhere = '127.0.0.1:0'

/**
 * Where connections of a proxy with this upstream go to. A proxy whose upstream cannot be read is made all the same, and its connections fail;
 * paths are Unix sockets.
 */
export function dialled(upstream: string): string {
  if (/^(?:unix:)?\//.test(upstream)) return upstream
  try {
    const { host, service } = splitHostPort(upstream)
    return hostPort(host || 'localhost', portOf(service))
  } catch {
    return nowhere
  }
}

/** One listener for both: `0.0.0.0:80` is the one that is shown as `[::]:80`. */
export function sameListener(a: ListenAddress, b: ListenAddress): boolean {
  return a.port === b.port && (a.wildcard ? b.wildcard : a.text === b.text)
}

/** What a failed listen is called. */
export function listenFailure(address: ListenAddress, error: unknown): string {
  const { code = '', errno, message } = error as NodeJS.ErrnoException
  const says = texts[code] ?? (typeof errno === 'number' ? getSystemErrorMessage(errno) : message)
  return `listen tcp ${address.text}: ${code === 'EMFILE' || code === 'EAFNOSUPPORT' ? 'socket' : 'bind'}: ${says}`
}

const texts: Record<string, string> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
  EAFNOSUPPORT: 'address family not supported by protocol',
  EMFILE: 'too many open files',
}

function splitHostPort(text: string): { host: string; service: string } {
  if (text === '') return { host: '', service: '' }
  const wrong = (says: string): AddressError => new AddressError(`address ${text}: ${says}`)
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw wrong('missing port in address')
  const end = text.startsWith('[') ? text.indexOf(']') : -1
  if (text.startsWith('[')) {
    if (end < 0) throw wrong("missing ']' in address")
    if (end + 1 !== colon) throw wrong(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address')
  } else if (text.slice(0, colon).includes(':')) throw wrong('too many colons in address')
  if (text.includes('[', end < 0 ? 0 : 1)) throw wrong("unexpected '[' in address")
  if (text.includes(']', end + 1)) throw wrong("unexpected ']' in address")
  return { host: end < 0 ? text.slice(0, colon) : text.slice(1, end), service: text.slice(colon + 1) }
}

function portOf(service: string): number {
  if (service === '') return 0
  const port = /^[+-]?\d+$/.test(service) ? Number(service) : servicePort(service)
  if (port === null) throw new AddressError(`lookup tcp/${service}: unknown port`)
  if (port < 0 || port > 65_535) throw new AddressError(`address ${service}: invalid port`)
  return port
}

const knownServices: Record<string, number> = {
  domain: 53,
  ftp: 21,
  http: 80,
  https: 443,
  imap2: 143,
  imaps: 993,
  smtp: 25,
  ssh: 22,
  telnet: 23,
}

function servicePort(name: string): number | null {
  try {
    for (const line of readFileSync('/etc/services', 'utf8').split('\n')) {
      const [first = '', port = '', ...more] = line.replace(/#.*/, '').trim().split(/\s+/)
      if (port.endsWith('/tcp') && [first, ...more].includes(name.toLowerCase())) return Number.parseInt(port, 10)
    }
  } catch {
    // Not every image has the file.
  }
  return knownServices[name.toLowerCase()] ?? null
}

/** Its address in figures; IPv4 first, as the name of one listener. */
async function ipOf(host: string, until: number): Promise<string> {
  if (host === '' || isIPv4(host)) return host
  if (host.toLowerCase() === 'localhost') return '127.0.0.1' // Not behind other names that nobody answers for.
  if (isIPv6(host)) return mappedIPv4(host) ?? host.toLowerCase()
  if (!isDomainName(host)) throw new AddressError(`lookup ${host}: no such host`)
  const found = await Promise.race([lookup(host, { all: true }).catch(failedLookup(host)), timeoutOf(host, until - monotonicMs())])
  const ip = (found.find(({ family }) => family === 4) ?? found[0])?.address
  if (ip === undefined) throw new AddressError(`lookup ${host}: no such host`)
  return ip
}

function failedLookup(host: string) {
  return ({ code }: NodeJS.ErrnoException): never => {
    throw new AddressError(`lookup ${host}: ${code === 'ENOTFOUND' ? 'no such host' : 'server misbehaving'}`)
  }
}

function timeoutOf(host: string, ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new AddressError(`lookup ${host}: i/o timeout`)), Math.max(ms, 0)).unref()
  })
}

function mappedIPv4(host: string): string | null {
  const [, ip = ''] = /^::ffff:([\d.]+)$/i.exec(host) ?? []
  return isIPv4(ip) ? ip : null
}

/** Only what can be asked for: the system's resolver takes `127.1` for an address. */
function isDomainName(host: string): boolean {
  if (host.length > 253 || /^[\d.]*$/.test(host)) return false
  return host
    .replace(/\.$/, '')
    .split('.')
    .every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
}
