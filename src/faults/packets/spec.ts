/** What a bad link does to packets: the parameters of `network` wherever packets are meant, the same words as at a proxy. */
import * as z from 'zod/mini'
import { formatQuantity } from '../../document/quantity.ts'
import { bandwidth, duration, once, says, share } from '../../document/schema-types.ts'

export const directions = ['out', 'in', 'both'] as const
export const distributions = ['uniform', 'normal', 'pareto'] as const
const presets = ['slow', 'lossy', 'flaky'] as const

/** Bad links as people know them. */
const presetOf: Readonly<Record<string, PacketSpec>> = {
  slow: { delay: 500, jitter: 100 },
  lossy: { loss: 0.1 },
  flaky: { delay: 200, jitter: 50, loss: 0.05 },
}

export interface PacketSpec {
  /** ms. */
  delay?: number
  jitter?: number
  distribution?: (typeof distributions)[number]
  /** 0…1: how much the delay of a packet is like that of the one before. */
  correlation?: number
  /** 0…1 each. */
  loss?: number
  duplicate?: number
  corrupt?: number
  reorder?: number
  /** bit/s. */
  bandwidth?: number
  direction?: (typeof directions)[number]
}

const acts = ['delay', 'loss', 'duplicate', 'corrupt', 'reorder', 'bandwidth', 'preset'] as const

const keys = () =>
  z.strictObject({
    delay: says('Each packet leaves this much later.', z.optional(duration), '100ms', '500ms'),
    jitter: says('The delay varies by up to this much, up and down; packets keep their order.', z.optional(duration), '20ms'),
    distribution: says('How it varies: uniform (the default), normal or pareto.', z.optional(z.enum(distributions))),
    correlation: says('How much a packet’s delay is like that of the one before; default 0%.', z.optional(share), '25%'),
    loss: says('This share of the packets is lost.', z.optional(share), '10%'),
    duplicate: says('This share of the packets comes twice.', z.optional(share), '1%'),
    corrupt: says(
      'One bit of this share of the packets is wrong. TCP sees that by its checksum: for it this is loss.',
      z.optional(share),
      '1%',
    ),
    reorder: says('This share of the packets overtakes the others: it is not delayed.', z.optional(share), '25%'),
    bandwidth: says('No more than this passes.', z.optional(bandwidth), '128kbit', '10mbit'),
    preset: says(
      'slow is delay: 500ms, jitter: 100ms; lossy is loss: 10%; flaky is delay: 200ms, jitter: 50ms, loss: 5%.',
      z.optional(z.enum(presets)),
    ),
    direction: says('out: packets that leave (the default); in: those that come; both.', z.optional(z.enum(directions))),
  })

const together = () =>
  z.check<z.infer<ReturnType<typeof keys>>>(({ value, issues }) => {
    const wrong = (key: string | null, message: string, fix: string): unknown =>
      issues.push({ code: 'custom', input: value, path: key === null ? [] : [key], message, params: { code: 'value-not-allowed', fix } })
    const needs = (key: keyof typeof value, other: keyof typeof value, why: string, example: string): unknown =>
      value[key] !== undefined && value[other] === undefined && wrong(key, why, `write ${example} too`)
    if (value.preset !== undefined) {
      for (const key of Object.keys(presetOf[value.preset] ?? {}) as (keyof typeof value)[])
        if (value[key] !== undefined) wrong(key, 'the preset says it', `remove ${key}, or preset`)
      if (value.reorder !== undefined && presetOf[value.preset]?.delay === undefined)
        wrong('reorder', `nothing waits that could be overtaken: ${value.preset} delays nothing`, 'write delay instead of the preset')
    } else {
      needs('jitter', 'delay', 'jitter is nothing without delay', 'delay: 100ms')
      needs('distribution', 'jitter', 'distribution is nothing without jitter', 'jitter: 20ms')
      needs('correlation', 'jitter', 'correlation is nothing without jitter', 'jitter: 20ms')
      needs('reorder', 'delay', 'nothing waits that could be overtaken: reorder needs delay', 'delay: 100ms')
    }
    for (const key of ['loss', 'duplicate', 'corrupt', 'reorder'] as const)
      if (value[key] === 0) wrong(key, '0% of the packets is none of them', 'write e.g. 10%')
    if (value.delay === 0 && value.reorder !== undefined) wrong('reorder', 'reorder needs a delay', 'write e.g. delay: 100ms')
    if (acts.every((key) => value[key] === undefined) && issues.length === 0)
      wrong(null, 'nothing happens to the network', 'write e.g. delay: 100ms, loss: 10%, bandwidth: 128kbit or preset: slow')
  })

/** Made when it is first asked for: a document without such a fault need not wait for it. */
export const packetSpec = once(() =>
  says(
    'Makes the network slow, narrow or lossy: what happens to packets.',
    z.pipe(
      keys().check(together()),
      z.transform(({ preset, ...rest }): PacketSpec => ({ ...(preset !== undefined && presetOf[preset]), ...rest }) as PacketSpec),
    ),
  ),
)

/** Only netem does these; a share that is lost and a bandwidth are possible without. */
export function needsNetem({ delay, duplicate, corrupt, reorder, loss, bandwidth: rate }: PacketSpec): boolean {
  return (
    delay !== undefined ||
    duplicate !== undefined ||
    corrupt !== undefined ||
    reorder !== undefined ||
    (loss !== undefined && rate !== undefined)
  )
}

/** Nothing but loss: nft can do that, and ends it by itself. */
export function onlyLoss(spec: PacketSpec): boolean {
  return spec.loss !== undefined && spec.bandwidth === undefined && !needsNetem(spec)
}

export function packetWords(spec: PacketSpec): string[] {
  const percent = (value: number): string => formatQuantity(value, 'share')
  const words: string[] = []
  if (spec.delay !== undefined) words.push(`delay packets by ${spec.delay} ms${spec.jitter ? ` ± ${spec.jitter} ms` : ''}`)
  if (spec.loss !== undefined) words.push(`lose ${percent(spec.loss)} of the packets`)
  if (spec.duplicate !== undefined) words.push(`send ${percent(spec.duplicate)} of them twice`)
  if (spec.corrupt !== undefined) words.push(`damage ${percent(spec.corrupt)} of them`)
  if (spec.reorder !== undefined) words.push(`let ${percent(spec.reorder)} of them overtake`)
  if (spec.bandwidth !== undefined) words.push(`let ${formatQuantity(spec.bandwidth, 'bit/s')} through`)
  return words
}
