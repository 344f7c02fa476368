/** The `proxies` part: what stands in the path of the traffic, declared once and named by faults and measures. */
import * as z from 'zod/mini'
import { type Checking, checkShape } from './check-shape.ts'
import type { ProxySpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { suggestion } from './nearest.ts'
import { quote, type Reading } from './quantity.ts'
import { readAddress, readBy, says, text } from './schema-types.ts'

/** Our own proxy. */
export const proxyShape = z.strictObject({
  listen: says(
    'Where the proxy waits: point your service here instead of at the real address. E.g. 127.0.0.1:9001, or /run/app/db.sock, a Unix socket that only your user may use.',
    readBy(
      readPlace,
      'an address such as 127.0.0.1:9001',
      { type: 'string', written: ['127.0.0.1:9001', '/run/app/db.sock'] },
      'value-not-allowed',
    ),
    '127.0.0.1:9001',
  ),
  upstream: says(
    'Where it passes on to. http://127.0.0.1:8081 understands requests, so that HTTP faults are possible; 127.0.0.1:5432 or /run/app/db.sock passes on bytes.',
    readBy(
      readUpstream,
      'an address such as http://127.0.0.1:8081 or 127.0.0.1:5432',
      {
        type: 'string',
        written: ['http://127.0.0.1:8081', '127.0.0.1:5432'],
      },
      'value-not-allowed',
    ),
  ),
})

/** A proxy of a Toxiproxy server that runs already. */
export const toxiproxyShape = z.strictObject({
  toxiproxy: says(
    'Address of the API of a Toxiproxy server that runs already, e.g. http://127.0.0.1:8474.',
    readBy(
      readHttpBase,
      'an address such as http://127.0.0.1:8474',
      {
        type: 'string',
        written: ['http://127.0.0.1:8474'],
      },
      'value-not-allowed',
    ),
  ),
  name: says('The name of the proxy in that server, e.g. redis.', text),
})

const example = 'write e.g. payments: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }'

/** All that are declared, also those with mistakes: these are collected, and the names can be referred to. */
export function resolveProxies(checking: Checking, value: unknown, sources: readonly string[]): ProxySpec[] {
  const { collect } = checking
  if (value === undefined) return []
  const map = asMap(value)
  if (!map) {
    collect.add(['proxies'], 'wrong-type', 'expected a map of proxies', { at: value === null ? 'key' : 'value', fix: example })
    return []
  }
  const listening = new Map<string, string>()
  return Object.entries(map).map(([name, written]) => {
    checkName(checking, name, sources)
    return resolveProxy(checking, name, written, listening)
  })
}

function checkName({ collect }: Checking, name: string, sources: readonly string[]): void {
  const path: Path = ['proxies', name]
  const fix = 'give it another name'
  if (name === 'traffic') collect.add(path, 'name-taken', 'this name means Squall’s own traffic', { at: 'key', fix })
  else if (sources.includes(name)) collect.add(path, 'name-taken', 'a source has this name', { at: 'key', fix })
  else if (!/^[A-Za-z][\w-]*$/.test(name))
    collect.add(path, 'value-not-allowed', 'a proxy’s name has letters, digits, _ and -', { at: 'key', fix })
}

function resolveProxy(checking: Checking, name: string, written: unknown, listening: Map<string, string>): ProxySpec {
  const { collect } = checking
  const path: Path = ['proxies', name]
  const map = asMap(written)
  if (!map) {
    const fix = 'write e.g. { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }'
    collect.add(path, 'wrong-type', 'expected a map with listen and upstream', { at: written === null ? 'key' : 'value', fix })
    return { name, carries: 'http', listen: '', upstream: '' }
  }
  if ('toxiproxy' in map) {
    for (const key of ['listen', 'upstream'].filter((own) => own in map))
      collect.add([...path, key], 'key-unknown', 'a proxy of Toxiproxy has it there', { at: 'key', fix: `remove ${key}, or toxiproxy` })
    const { listen: _, upstream: __, ...rest } = map
    const theirs = checkShape(checking, toxiproxyShape, rest, path)
    return { name, carries: 'bytes', toxiproxy: theirs?.toxiproxy ?? '', remote: theirs?.name ?? '' }
  }
  const proxy = checkShape(checking, proxyShape, map, path)
  if (proxy) checkAddresses(checking, name, proxy, listening)
  const { listen, upstream } = proxy ?? { listen: '', upstream: '' }
  return { name, carries: proxy?.upstream.startsWith('http:') === false ? 'bytes' : 'http', listen, upstream }
}

/** `listening`: the addresses of the proxies above, with their names. */
function checkAddresses(
  { collect }: Checking,
  name: string,
  { listen, upstream }: { listen: string; upstream: string },
  listening: Map<string, string>,
): void {
  const other = listening.get(samePlace(listen))
  if (other !== undefined)
    collect.add(['proxies', name, 'listen'], 'address-taken', `the proxy ${quote(other)} listens there`, { fix: 'choose another port' })
  listening.set(samePlace(listen), name)
  if (samePlace(upstream.replace('http://', '')) === samePlace(listen))
    collect.add(['proxies', name, 'upstream'], 'address-taken', 'the proxy would pass on to itself', {
      fix: 'let it listen at another port, and point your service there',
    })
}

function samePlace(address: string): string {
  if (address.startsWith('/')) return address
  return address.toLowerCase().replace(/^(?:localhost|\[::1\]):/, '127.0.0.1:')
}

/** Collects a name that no proxy has. `path` is where the name stands. */
export function checkProxyName({ collect }: Checking, name: string, path: Path, proxies: readonly ProxySpec[]): ProxySpec | undefined {
  const found = proxies.find((proxy) => proxy.name === name)
  if (found) return found
  const names = proxies.map((proxy) => proxy.name)
  const known = names.length > 0 ? `declared: ${names.join(', ')}` : `declare it: proxies: { ${name}: { listen: …, upstream: … } }`
  return void collect.add(path, 'proxy-unknown', `no proxy is called ${quote(name)}`, { fix: suggestion(name, names) ?? known })
}

/** Bytes that the kernel takes for the path of a socket. */
const longestPath = 107

/** Host and port, or the path of a Unix socket → the text, without `unix:`. */
function readPlace(source: string | number): Reading<string> {
  const text = String(source)
  const path = text.replace(/^unix:/, '')
  if (path === text && !text.startsWith('/')) return readAddress(source)
  if (!/^\/[^\0]*[^\0/]$/.test(path))
    return { ok: false, message: `${quote(text)} is no absolute path`, fix: 'write e.g. /run/app/db.sock' }
  if (Buffer.byteLength(path) > longestPath)
    return { ok: false, message: `${quote(text)} is longer than ${longestPath} bytes`, fix: 'choose a shorter path' }
  return { ok: true, value: path }
}

function readUpstream(source: string | number): Reading<string> {
  const text = String(source)
  const web = /^(https?):\/\/([^/]*)(.*)$/.exec(text)
  if (!web) return readPlace(source)
  const [, scheme, host = '', path = ''] = web
  if (scheme === 'https')
    return {
      ok: false,
      message: `${quote(text)}: what is encrypted can only be passed on as bytes`,
      fix: `write ${/:\d+$/.test(host) ? host : `${host}:443`}`,
    }
  if (path !== '' && path !== '/')
    return { ok: false, message: `${quote(text)} has a path: that is the caller’s`, fix: `write http://${host}` }
  const reading = readAddress(/:\d+$/.test(host) ? host : `${host}:80`)
  return reading.ok ? { ok: true, value: `http://${host}` } : { ...reading, fix: 'write e.g. http://127.0.0.1:8081' }
}

function readHttpBase(source: string | number): Reading<string> {
  const text = String(source)
  if (/^https?:\/\/[^\s/]/.test(text) && URL.canParse(text)) return { ok: true, value: text }
  const fix = readAddress(text).ok ? `write http://${text}` : 'write e.g. http://127.0.0.1:8474'
  return { ok: false, message: `${quote(text)} is no address of an API`, fix }
}
