/** A container as the place of a fault on packets: its network namespace, entered through its first process, and other containers as `to`. */
import * as z from 'zod/mini'
import { count, says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { packetNarrows } from '../host/packet-target.ts'
import type { Json, Target } from '../injector.ts'
import { type To, toSchema } from '../packets/to.ts'
import { findContainers } from './find.ts'
import { engineOf, type Inspected, inspect, placeOf } from './inspect.ts'
import { firstProcess } from './local-files.ts'

const otherSays = { container: 'The other container, by its name.', port: 'Only this port of it.' }

const otherContainer = z.strictObject({
  container: says(otherSays.container, text, 'postgres'),
  port: says(otherSays.port, z.optional(count), 5432),
})

type ToOther = z.output<typeof otherContainer>

const toSays = 'Only what goes to there: host:port, an address, a network, :port, or { container: NAME }.'

/** The branch is chosen by what stands there, a map or a text: then what is wrong is told as exactly as elsewhere. */
const toOrOther = z
  .pipe(
    z.unknown(),
    z.transform((written, context): To | ToOther => {
      const isMap = typeof written === 'object' && written !== null && !Array.isArray(written)
      const read = isMap ? otherContainer.safeParse(written) : toSchema.safeParse(written)
      if (read.success) return read.data
      const keys = `possible: ${Object.keys(otherContainer.shape).join(', ')}`
      for (const issue of read.error.issues) {
        const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
        for (const key of unknown)
          context.issues.push({
            code: 'custom',
            path: [key],
            message: 'this key is not known',
            input: written,
            params: { code: 'key-unknown', fix: keys },
          })
        if (unknown.length === 0) context.issues.push({ ...issue, input: written } as (typeof context.issues)[number])
      }
      return z.NEVER
    }),
  )
  .check(
    z.meta({
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'object',
          properties: {
            container: { type: 'string', minLength: 1, description: otherSays.container },
            port: { anyOf: [{ type: 'integer' }, { type: 'string' }], description: otherSays.port },
          },
          required: ['container'],
          additionalProperties: false,
        },
      ],
      description: toSays,
      written: ['10.0.0.5:5432', { container: 'postgres' }],
      squall: true,
    }),
  )

export const containerNarrows: Readonly<Record<'to' | 'interface', z.core.$ZodType>> = { to: toOrOther, interface: packetNarrows.interface }

/**
 * The same fault as at this machine, in the container's namespace.
 * @throws SquallError `no-target`, `fault-not-available` where the container is not of this machine
 */
export async function insideContainer(target: Target, type: string): Promise<Target> {
  const place = placeOf(target)
  const { pid } = await firstProcess(place, type)
  const narrowing = { ...(await narrowingOf(target)), netns: `pid:${pid}` }
  return { ...target, facts: { ...target.facts, narrowing: narrowing as unknown as Json } }
}

/** What narrows it, another container by its address. @throws SquallError `no-target` */
export async function narrowingOf(target: Target): Promise<{ to?: To; interface?: string }> {
  const { to, ...narrowing } = (target.facts.narrowing ?? {}) as { to?: To | ToOther; interface?: string }
  const where = to && ('container' in to ? await addressOf(to, target) : to)
  return { ...narrowing, ...(where && { to: where }) }
}

/** Pinned now: where the other one is on a network that both are on. */
async function addressOf({ container, port }: ToOther, target: Target): Promise<To> {
  const place = placeOf(target)
  const engine = engineOf(place)
  const [found] = (await findContainers(engine, { name: container })).filter(({ running }) => running)
  if (!found) throw new SquallError('no-target', `${container}, which ${place.name} is to be cut off from, does not run`)
  const [ours, theirs] = await Promise.all([inspect(place), inspect({ ...place, id: found.id, name: found.name })])
  const address = shared(ours, theirs)
  if (address === undefined)
    throw new SquallError('no-target', `${place.name} and ${container} are on no network together: nothing passes between them that way`)
  return { host: address, ...(port !== undefined && { port }) }
}

function shared(ours: Inspected | null, theirs: Inspected | null): string | undefined {
  const networks = Object.keys(ours?.NetworkSettings.Networks ?? {})
  return networks
    .map((name) => theirs?.NetworkSettings.Networks[name]?.IPAddress)
    .find((address) => address !== undefined && address !== '')
}
