/** `to`: which packets are meant. Names are resolved once, at plan, so that the fault and its undo mean the same ones. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type * as z from 'zod/mini'
import { quote, type Reading } from '../../document/quantity.ts'
import { readBy } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'

/** As written. No host: any address; no port: any protocol. */
export interface To {
  host?: string
  /** Length of a network's prefix. */
  prefix?: number
  port?: number
}

/** One family, one network; with a port: TCP and UDP to it. */
export interface Flow {
  family: 4 | 6
  address: string
  prefix: number
  port?: number
}

export const everything: readonly Flow[] = [
  { family: 4, address: '0.0.0.0', prefix: 0 },
  { family: 6, address: '::', prefix: 0 },
]

const examples = '10.0.0.5:5432, 10.0.0.0/8, :53 or db.internal:5432'

/** What `to` may be at a place where packets are meant. */
export const toSchema: z.ZodMiniType<To> = readBy(
  (source) => readTo(String(source)),
  `an address such as ${examples}`,
  {
    type: 'string',
    description: `Where the packets go to: host:port, an address, a network, or :port. E.g. ${examples}.`,
    written: ['10.0.0.5:5432', '10.0.0.0/8', ':53'],
  },
  'value-not-allowed',
)

export function readTo(text: string): Reading<To> {
  const wrong = (message: string): Reading<To> => ({ ok: false, message: `${quote(text)} ${message}`, fix: `write e.g. ${examples}` })
  const network = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text)
  if (network) {
    const [, address = '', length] = network
    const family = isIP(address)
    const prefix = Number(length)
    if (family === 0 || prefix > (family === 4 ? 32 : 128)) return wrong('is no network')
    return { ok: true, value: { host: address, prefix } }
  }
  if (text.includes('%')) return wrong('names an interface: write it as interface')
  if (isIP(text)) return { ok: true, value: { host: text } }
  const [, host = '', bracketed, digits] = /^(\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9][\w.-]*)?(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === '' && digits === undefined) return wrong('is no address')
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65535)) return wrong('has no port: 1 to 65535')
  if (bracketed !== undefined && isIP(bracketed) !== 6) return wrong('is no address')
  const name = bracketed ?? host
  return { ok: true, value: { ...(name !== '' && { host: name }), ...(port !== undefined && { port }) } }
}

export function toText({ host, prefix, port }: To): string {
  const shown = host?.includes(':') && port !== undefined ? `[${host}]` : (host ?? '')
  return `${shown}${prefix === undefined ? '' : `/${prefix}`}${port === undefined ? '' : `:${port}`}`
}

export function flowText({ family, address, prefix, port }: Flow): string {
  const whole = prefix === (family === 4 ? 32 : 128)
  return toText({ host: address, ...(!whole && { prefix }), ...(port !== undefined && { port }) })
}

/** @throws SquallError `no-target` when a name has no address */
export async function resolveTo(to: To | undefined): Promise<Flow[]> {
  if (!to) return [...everything]
  const port = to.port === undefined ? {} : { port: to.port }
  if (to.host === undefined) return everything.map((flow) => ({ ...flow, ...port }))
  const family = isIP(to.host)
  const flow = (address: string, of: number): Flow => ({
    family: of === 6 ? 6 : 4,
    address,
    prefix: to.prefix ?? (of === 6 ? 128 : 32),
    ...port,
  })
  if (family !== 0) return [flow(to.host, family)]
  try {
    const found = await lookup(to.host, { all: true })
    return found.map((one) => flow(one.address, one.family))
  } catch (error) {
    throw new SquallError('no-target', `${to.host} has no address: ${(error as Error).message}`)
  }
}
