/** The parameters of `dns`: for which names, and what becomes of a question. */
import { isIP } from 'node:net'
import * as z from 'zod/mini'
import { duration, once, refusing, says, text } from '../../document/schema-types.ts'

export const failures = ['nxdomain', 'servfail', 'refused', 'drop'] as const
export type Failure = (typeof failures)[number]

export interface DnsSpec {
  names?: string[]
  answer?: string
  fail?: Failure
  /** ms. */
  delay?: number
  servers?: string[]
}

const address = text.check(refusing((value) => (isIP(value) ? undefined : { message: 'is no IP address', fix: 'write e.g. 203.0.113.1' })))
const domain = text.check(
  refusing((value) =>
    /^[A-Za-z0-9_*?][A-Za-z0-9_*?.-]*$/.test(value)
      ? undefined
      : { message: 'is no name', fix: 'write e.g. api.payments.example or *.payments.example' },
  ),
)

const shape = once(() =>
  z
    .strictObject({
      names: says(
        'For these names only; * stands for any letters. Default: all.',
        z.optional(z.array(domain).check(z.minLength(1, { error: 'must name at least one' }))),
        ['api.payments.example'],
      ),
      answer: says('The address that is given instead of the right one.', z.optional(address), '203.0.113.1'),
      fail: says(
        'Instead of an answer. nxdomain: no such name; servfail: the server could not find out; refused: it does not want to; drop: silence, an outage.',
        z.optional(z.enum(failures)),
      ),
      delay: says('How long each answer takes more.', z.optional(duration), '2s'),
      servers: says('The DNS servers that are asked; default: those of /etc/resolv.conf.', z.optional(z.array(address)), ['10.0.0.2']),
    })
    .check(
      z.refine(({ answer, fail, delay }) => answer !== undefined || fail !== undefined || delay !== undefined, {
        error: 'says nothing that happens',
        params: { code: 'key-missing', fix: 'write answer: 203.0.113.1, fail: servfail, or delay: 2s' },
      }),
      z.refine(({ answer, fail }) => answer === undefined || fail === undefined, {
        error: 'either answers or fails',
        params: { code: 'value-not-allowed', fix: 'keep one of answer and fail' },
      }),
    ),
)

export const dnsSpec = once(() => says('Makes the look-up of names fail, slow or wrong.', shape()) as unknown as z.core.$ZodType<DnsSpec>)
