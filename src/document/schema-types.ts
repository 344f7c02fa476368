/**
 * The field types of a document, for the schemas of faults and sources too. Each takes the source text of a scalar
 * (or a number, from TypeScript and JSON), gives the base unit of `experiment.ts`, and explains itself in the JSON Schema.
 */
import * as z from 'zod/mini'
import { exampleOf, type QuantityUnit, quote, type Reading, readQuantity } from './quantity.ts'

/** How a refusal travels through zod: the message, and in `params` the fix. */
export interface RefusalParams {
  fix?: string
  code?: string
}

/** The same field with a description, for editors and the reference. */
export function says<T extends z.ZodMiniType>(description: string, schema: T): T {
  return schema.check(z.describe(description)) as T
}

type JsonMeta = Record<string, unknown>

/** A field read by a function of its source text. `json` describes what may be written, for editors. */
export function readBy<T>(read: (source: string | number) => Reading<T>, expected: string, json: JsonMeta) {
  const source = z.union([z.string(), z.number()], { error: (issue) => (issue.input === undefined ? 'missing' : `expected ${expected}`) })
  const value = z.transform((source: string | number, context): T => {
    const reading = read(source)
    if (reading.ok) return reading.value
    const params: RefusalParams = { code: 'quantity', ...(reading.fix !== undefined && { fix: reading.fix }) }
    context.issues.push({ code: 'custom', message: reading.message, input: source, params })
    return z.NEVER
  })
  return z.pipe(source, value).check(z.meta({ ...json, squall: true }))
}

const number = '(0|[1-9]\\d*)(\\.\\d+)?'
/** `${name}` may stand where a value stands: the schema for editors lets it through. */
const variable = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}'

function pattern(body: string): string {
  return `^(${body}|${variable})$`
}

function quantityField(unit: QuantityUnit, suffix: string, description: string, examples: string[]) {
  return readBy((source) => readQuantity(source, unit), exampleOf(unit), {
    type: 'string',
    pattern: pattern(`${number}(${suffix})`),
    description,
    examples,
  })
}

/** → ms. */
export const duration = quantityField('ms', 'ms|s|m|h', 'A duration: 500ms, 30s, 2m, 1h.', ['500ms', '30s', '2m'])
/** → 0…1. More than 100 % is refused. */
export const share = readBy(readShare, exampleOf('share'), {
  type: 'string',
  pattern: pattern(`${number}%`),
  description: 'A share: 5%, 100%.',
  examples: ['5%', '50%'],
})
/** → per second. */
export const rate = quantityField('/s', '/s|/m|/h', 'A rate: 50/s, 10/m.', ['50/s', '10/m'])
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

const textError = (issue: { input?: unknown }): string =>
  issue.input === undefined ? 'missing' : `expected text, not ${shownValue(issue.input)}: quote it`

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
    params: { code: 'secret-not-here' },
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
  .check(z.meta({ description: 'A program and its arguments as a list; no shell is involved.', examples: [['./tool.sh', 'stop']] }))

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

function readPort(source: string | number): Reading<number> {
  const reading = readCount(source)
  return reading.ok && (reading.value < 1 || reading.value > 65535) ? { ok: false, message: `${source} is no port: 1 to 65535` } : reading
}

function shownValue(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return quote(String(value))
}
