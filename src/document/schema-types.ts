/**
 * The field types of a document, for the schemas of faults and sources too. Each takes the source text of a scalar
 * (or a number, from TypeScript and JSON), gives the base unit of `experiment.ts`, and explains itself in the JSON Schema.
 */
import * as z from 'zod/mini'
import { exampleOf, quote, type Reading, readQuantity } from './quantity.ts'
import type { WrongText } from './texts.ts'

/** How a refusal travels through zod: the message, and in `params` the fix. */
export interface RefusalParams {
  fix?: string
  code?: string
}

/** The same field with a description, for editors and the reference, and examples of what to write, which editors offer. */
export function says<T extends z.ZodMiniType>(description: string, schema: T, ...written: unknown[]): T {
  return schema.check(z.meta({ description, ...(written.length > 0 && { written }) })) as T
}

/** A schema that is made when it is first asked for: reading a document must not wait for those of sources that it does not use. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

type JsonMeta = Record<string, unknown>

/** A field read by a function of its source text. `json` describes what may be written, for editors; `code` is that of a refusal. */
export function readBy<T>(read: (source: string | number) => Reading<T>, expected: string, json: JsonMeta, code = 'quantity') {
  const source = z.union([z.string(), z.number()], { error: (issue) => (issue.input === undefined ? 'missing' : `expected ${expected}`) })
  const value = z.transform((source: string | number, context): T => {
    const reading = read(source)
    if (reading.ok) return reading.value
    const params: RefusalParams = { code, ...(reading.fix !== undefined && { fix: reading.fix }) }
    context.issues.push({ code: 'custom', message: reading.message, input: source, params })
    return z.NEVER
  })
  return z.pipe(source, value).check(z.meta({ ...json, squall: true }))
}

const number = '(0|[1-9]\\d*)(\\.\\d+)?'
/** `${name}` may stand where a value or a part of it stands: the schema for editors lets it through. */
export const withVariable = '.*\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}.*'

function pattern(body: string): string {
  return `^(${body}|${withVariable})$`
}

/** → ms. */
export const duration = readBy(readDuration, exampleOf('ms'), {
  type: 'string',
  pattern: pattern(`${number}(ms|s|m|h)`),
  description: 'A duration: 500ms, 30s, 2m, 1h.',
  written: ['500ms', '30s', '2m'],
})
/** → 0…1. More than 100 % is refused. */
export const share = readBy(readShare, exampleOf('share'), {
  type: 'string',
  pattern: pattern(`${number}%`),
  description: 'A share: 5%, 100%.',
  written: ['5%', '50%'],
})
/** → per second. */
export const rate = readBy((source) => readQuantity(source, '/s'), exampleOf('/s'), {
  type: 'string',
  pattern: pattern(`${number}(/s|/m|/h)`),
  description: 'A rate: 50/s, 10/m.',
  written: ['50/s', '10/m'],
})
/** → bytes, a whole number. */
export const size = readBy(readSize, exampleOf('bytes'), {
  type: 'string',
  pattern: pattern(`${number}(B|kB|MB|GB|KiB|MiB|GiB)`),
  description: 'A size: 512B, 64KiB, 10MB.',
  written: ['512B', '64KiB'],
})
/** → how much: in bytes, or as a share of what there is. */
export type Amount = { bytes: number } | { share: number }
export const amount = readBy(readAmount, 'a size such as 200MiB, or a share such as 5%', {
  type: 'string',
  pattern: pattern(`${number}(%|B|kB|MB|GB|KiB|MiB|GiB)`),
  description: 'A size, or a share of what there is: 200MiB, 5%.',
  written: ['200MiB', '5%'],
})
/** → bit/s, more than 0. */
export const bandwidth = readBy(readBandwidth, exampleOf('bit/s'), {
  type: 'string',
  pattern: pattern(`${number}(bit|kbit|mbit|gbit)`),
  description: 'A bandwidth, in bits per second: 128kbit, 10mbit.',
  written: ['128kbit', '10mbit'],
})
/** → a whole number, 0 or more. */
export const count = readBy(readCount, 'a whole number such as 3', {
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: pattern('0|[1-9]\\d*') },
  ],
  description: 'A whole number.',
})
/** → a TCP port, 1 to 65535. */
export const port = readBy(readPort, 'a port such as 8080', {
  anyOf: [
    { type: 'integer', minimum: 1, maximum: 65535 },
    { type: 'string', pattern: pattern('[1-9]\\d{0,4}') },
  ],
  description: 'A TCP port.',
})

/** A check of a text that says in its own words what is wrong and what to write instead. */
export function refusing(judge: (text: string) => WrongText, code = 'value-not-allowed') {
  return z.check<string>(({ value, issues }) => {
    const refusal = judge(value)
    if (!refusal) return
    const params: RefusalParams = { code, ...(refusal.fix !== undefined && { fix: refusal.fix }) }
    issues.push({ code: 'custom', message: refusal.message, input: value, params })
  })
}

const textError = (issue: { input?: unknown }): string => {
  if (issue.input === undefined) return 'missing'
  const quotable = typeof issue.input !== 'object' || issue.input === null
  return `expected text, not ${shownValue(issue.input)}${quotable ? ': quote it' : ''}`
}

/** Text that may hold `${secret:NAME}`: it stays a reference, see `secrets.ts`. */
export const secretText = z
  .string({ error: textError })
  .check(
    z.minLength(1, { error: 'must not be empty' }),
    z.meta({ description: 'Text; ${secret:NAME} is filled in only where it is used, never recorded.' }),
  )

/** Text, not empty, without secrets (it is recorded and shown). */
export const text = z.string({ error: textError }).check(
  z.minLength(1, { error: 'must not be empty' }),
  z.refine((value) => !/\$\{secret:\w+\}/.test(value), {
    error: 'a secret cannot stand here: this text is recorded and shown',
    params: { code: 'secret-not-here', fix: 'leave it out: secrets may stand in headers and passwords' },
  }),
)

/** A program and its arguments: never a shell line. */
export const argv = z
  .pipe(
    z
      .array(text, {
        error: (issue) =>
          issue.input === undefined ? 'missing' : 'expected a list: the program and its arguments, e.g. [./tool.sh, stop]',
      })
      .check(z.minLength(1, { error: 'must name a program' })),
    z.transform((list: string[]) => list as [string, ...string[]]),
  )
  .check(z.meta({ description: 'A program and its arguments as a list; no shell is involved.', written: [['./tool.sh', 'stop']] }))

/** host, port: names, IPv4, and IPv6 in brackets. */
const hostAndPort = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/

/** Host and port as one text; what people write instead is recognised. */
export function readAddress(source: string | number): Reading<string> {
  const text = String(source)
  const port = Number(hostAndPort.exec(text)?.[2] ?? Number.NaN)
  if (port >= 1 && port <= 65535) return { ok: true, value: text }
  if (!Number.isNaN(port)) return { ok: false, message: `${quote(text)}: a port is 1 to 65535`, fix: 'write e.g. 127.0.0.1:8081' }
  const bare = /^[a-z]+:\/\/([^/]+)\/?$/.exec(text)?.[1]
  if (bare !== undefined && hostAndPort.test(bare))
    return { ok: false, message: `${quote(text)} is a URL, expected host and port`, fix: `write ${bare}` }
  if (/^:?\d{1,5}$/.test(text))
    return { ok: false, message: `${quote(text)} names no host`, fix: `write 127.0.0.1:${text.replace(':', '')}` }
  if (/^[\w.-]+$/.test(text)) return { ok: false, message: `${quote(text)} names no port`, fix: `write e.g. ${text}:8081` }
  return { ok: false, message: `${quote(text)} is no address`, fix: 'write host and port, e.g. 127.0.0.1:8081' }
}

/** Hours; the sum of all phases stays below what a timer can wait (24 days). */
const longest = 120

function readDuration(source: string | number): Reading<number> {
  const reading = readQuantity(source, 'ms')
  const most = `${longest}h`
  return reading.ok && reading.value > longest * 3_600_000
    ? { ok: false, message: `${source} is longer than ${most}`, fix: `write ${most} or less` }
    : reading
}

function readShare(source: string | number): Reading<number> {
  const reading = readQuantity(source, 'share')
  return reading.ok && reading.value > 1 ? { ok: false, message: `${source} is more than 100%`, fix: 'write 100%' } : reading
}

function readCount(source: string | number): Reading<number> {
  const reading = readQuantity(source, 'count')
  return reading.ok && !Number.isSafeInteger(reading.value)
    ? { ok: false, message: `${source} is not a whole number`, fix: `write ${Math.round(reading.value)}` }
    : reading
}

function readSize(source: string | number): Reading<number> {
  const reading = readQuantity(source, 'bytes')
  return reading.ok ? { ok: true, value: Math.round(reading.value) } : reading
}

function readAmount(source: string | number): Reading<Amount> {
  const isShare = String(source).endsWith('%')
  const reading = isShare ? readShare(source) : readSize(source)
  if (!reading.ok) return reading
  return { ok: true, value: isShare ? { share: reading.value } : { bytes: reading.value } }
}

function readBandwidth(source: string | number): Reading<number> {
  const reading = readQuantity(source, 'bit/s')
  return reading.ok && reading.value < 8
    ? { ok: false, message: `${source} lets nothing through`, fix: 'write at least 8bit, or a partition with how: stall' }
    : reading
}

function readPort(source: string | number): Reading<number> {
  const reading = readCount(source)
  if (reading.ok && reading.value >= 1 && reading.value <= 65535) return reading
  return { ok: false, message: `${source} is no port: 1 to 65535`, fix: 'write a port such as 8080' }
}

function shownValue(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return quote(String(value))
}
