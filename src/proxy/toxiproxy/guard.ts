/**
 * Who may call. Clients of Toxiproxy send no token, so a web page is kept out by what browsers cannot leave out or forge: the name in `Host`
 * (a page whose name was pointed at this machine still sends that name), `Origin`, and the User-Agent.
 */
import { BlockList, isIP } from 'node:net'
import { hostname } from 'node:os'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Names that no public name server answers for, whoever asks: an attacker cannot own one. */
const neverPublic = /(?:^|\.)(?:localhost|internal|svc|svc\.cluster\.local)$/

export interface Guard {
  /** Why a request is refused, or null. */
  refusal(host: string | undefined, origin: string | undefined): string | null
}

/** `bound` is the address that is listened on, `names` are allowed in addition. */
export function guard(bound: string, names: readonly string[]): Guard {
  const own = new Set([bound, hostname(), ...names].map((name) => name.toLowerCase()))
  const open = !isLoopback(bound)
  const isAllowed = (name: string): boolean => {
    if (own.has(name) || isLoopback(name) || neverPublic.test(name)) return true
    // From other machines and containers it is reached by address, or by a name of one word: the service of a compose file.
    return open && (isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name))
  }
  return {
    refusal(host, origin) {
      const name = host === undefined ? null : nameOf(host)
      if (name !== null && !isAllowed(name)) return `host ${name} is not allowed: start the server with --allow-host ${name}`
      if (origin !== undefined && origin !== `http://${host}`) return 'calls from web pages are not allowed'
      return null
    },
  }
}

function isLoopback(name: string): boolean {
  const family = isIP(name)
  return name === 'localhost' || (family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4'))
}

/** Without the port, and an IPv6 address without its brackets. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
