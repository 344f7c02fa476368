/** The parameters of `disk`: a file of ours takes the space, until so much is left or so much is taken. */
import * as z from 'zod/mini'
import { type Amount, amount, refusing, says, size, text } from '../../document/schema-types.ts'

export interface DiskSpec {
  path: string
  leave?: Amount
  /** Bytes. */
  fill?: number
}

export const absolutePath = text.check(
  refusing((path) =>
    /^(\/|\$\{)/.test(path) ? undefined : { message: 'the path must be absolute', fix: 'write it from the root, e.g. /var/lib/orders' },
  ),
)

export const diskSpec = says(
  'Takes the space of a file system away, down to a reserve, with a file that vanishes by itself.',
  z
    .strictObject({
      path: says('A folder on the file system that is to become full; absolute.', absolutePath, '/var/lib/orders'),
      leave: says('How much stays free for ordinary users: a size, or a share of the whole.', z.optional(amount), '200MiB', '5%'),
      fill: says('How much is taken away, instead of how much is left.', z.optional(size), '2GiB'),
    })
    .check(
      z.refine(({ leave, fill }) => (leave === undefined) !== (fill === undefined), {
        error: 'says either how much is left or how much is taken',
        params: { code: 'key-missing', fix: 'write e.g. leave: 200MiB' },
      }),
    ),
) as unknown as z.core.$ZodType<DiskSpec>
