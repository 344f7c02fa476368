/** Requests by chance: sensible ones, almost sensible ones, and bytes. The same seed gives the same ones. */

/** 0 ≤ x < 1 */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

export interface Request {
  bytes: Buffer
  /** It is HTTP, so that the answer must be too. */
  sound: boolean
}

/** Only these names are touched, and only loopback is listened on. */
const names = ['f0', 'f1', 'f2', 'hang', 'no such', 'é', '__proto__', 'constructor', 'a/b', '.', '']
const methods = ['GET', 'POST', 'POST', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS']
const listens = [
  '127.0.0.1:0',
  'localhost:0',
  '127.0.0.1:1x',
  'junk',
  '',
  '127.0.0.1:99999',
  '[::1]:0',
  ':::',
  '192.0.2.1:0',
  'no.invalid:0',
  'slow.invalid:0',
]
const types = [
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
  'noop',
  'nope',
  '__proto__',
  'toString',
]
const attributes = ['latency', 'jitter', 'rate', 'delay', 'timeout', 'bytes', 'average_size', 'size_variation', '__proto__', 'LATENCY']
const numbers = [
  '0',
  '-1',
  '1',
  '5.5',
  '1e3',
  '-0',
  '9223372036854775807',
  '9223372036854775808',
  '1e400',
  '99999999999999999999',
  'NaN',
  '007',
  '1.',
]

const quoted = JSON.stringify

/** A value that is seldom the one that is wanted. */
function strange(random: Random, depth = 0): string {
  const kind = random()
  if (kind < 0.3) return pick(random, numbers)
  if (kind < 0.5) return pick(random, ['null', 'true', 'false', '""', '"x"', '"\\ud800"', '"\\u0000"', '[]', '{}', 'nul', "'x'"])
  if (kind < 0.6) return quoted('y'.repeat(Math.floor(random() * 5000)))
  if (kind < 0.65) return '['.repeat(Math.floor(random() * 20_000))
  if (depth > 3) return '0'
  if (kind < 0.8) return `[${strange(random, depth + 1)},${strange(random, depth + 1)}]`
  return `{${quoted(pick(random, [...names, ...attributes]))}:${strange(random, depth + 1)}}`
}

const mostly = (random: Random, usual: string): string => (random() < 0.85 ? usual : strange(random))

function proxyBody(random: Random): string {
  const fields = [
    `"name":${mostly(random, quoted(pick(random, names)))}`,
    `"listen":${mostly(random, quoted(pick(random, listens)))}`,
    `"upstream":${mostly(random, '"127.0.0.1:1"')}`,
    `"enabled":${mostly(random, pick(random, ['true', 'false']))}`,
    `"toxics":${strange(random)}`,
  ].filter(() => random() < 0.8)
  return `{${fields.join(',')}}`
}

function toxicBody(random: Random): string {
  const given = attributes
    .filter(() => random() < 0.3)
    .map((name) => `${quoted(name)}:${mostly(random, String(Math.floor(random() * 2000)))}`)
  const fields = [
    `"name":${mostly(random, quoted(pick(random, ['t0', 't1', 't2', ...names])))}`,
    `"type":${mostly(random, quoted(pick(random, types)))}`,
    `"stream":${mostly(random, quoted(pick(random, ['upstream', 'downstream', 'DOWNSTREAM', 'both'])))}`,
    `"toxicity":${mostly(random, pick(random, ['0', '0.5', '1', '-3', '1e30']))}`,
    `"attributes":${mostly(random, `{${given.join(',')}}`)}`,
  ].filter(() => random() < 0.8)
  return `{${fields.join(',')}}`
}

function body(random: Random, path: string): string {
  if (random() < 0.1) return strange(random)
  if (path.includes('/toxics')) return toxicBody(random)
  return path === '/populate' ? `[${[proxyBody(random), proxyBody(random)].join(',')}]` : proxyBody(random)
}

function path(random: Random): string {
  const name = encodeURIComponent(pick(random, names))
  const usual = [
    '/proxies',
    `/proxies/${name}`,
    `/proxies/${name}`,
    `/proxies/${name}/toxics`,
    `/proxies/${name}/toxics/t${Math.floor(random() * 3)}`,
  ]
  return pick(random, [
    ...usual,
    '/populate',
    '/reset',
    '/version',
    '/metrics',
    '//proxies',
    '/proxies/%zz',
    '/proxies?x',
    '/%00',
    '/proxies/../reset',
    `/${'a/'.repeat(300)}`,
  ])
}

function sensible(random: Random): string {
  const where = path(random)
  const method = pick(random, methods)
  const text = method === 'GET' ? '' : body(random, where)
  const lines = [`${method} ${where} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', `Content-Length: ${Buffer.byteLength(text)}`]
  return `${lines.join('\r\n')}\r\n\r\n${text}`
}

const inserts = [
  '\r\n',
  '\0',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\nConnection: upgrade\r\n',
  '\u00ff',
  '{',
  'Host: evil.example\r\n',
]

/** Bytes turned, taken out, put in and cut off. */
function damaged(random: Random, text: string): Buffer {
  let bytes = Buffer.from(text)
  for (let times = 1 + Math.floor(random() * 4); times > 0; times--) {
    const at = Math.floor(random() * bytes.length)
    const how = random()
    if (how < 0.4) bytes[at] = Math.floor(random() * 256)
    else if (how < 0.6) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() * 10))])
    else if (how < 0.9) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(random, inserts)), bytes.subarray(at)])
    else bytes = bytes.subarray(0, at)
  }
  return bytes
}

export function anyRequest(random: Random): Request {
  const kind = random()
  if (kind < 0.65) return { bytes: Buffer.from(sensible(random)), sound: true }
  if (kind < 0.9) return { bytes: damaged(random, sensible(random)), sound: false }
  if (kind < 0.95)
    return {
      bytes: Buffer.from(sensible(random).replace('Connection: close', `X-Long: ${'z'.repeat(Math.floor(random() * 40_000))}`)),
      sound: false,
    }
  return { bytes: Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256))), sound: false }
}
