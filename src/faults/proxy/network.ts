/** Makes the way through a proxy slow, narrow or short, on connections that exist already too. */
import * as z from 'zod/mini'
import { formatQuantity } from '../../document/quantity.ts'
import { bandwidth, duration, once, refusing, says, share, size, text } from '../../document/schema-types.ts'
import type { Direction, StreamAct, StreamFault } from '../../proxy/fault.ts'
import type { SeenFault } from '../../proxy/lease-type.ts'
import type { Injector, Look } from '../injector.ts'
import { loadLeases } from './lease-of.ts'
import {
  changeFaults,
  differencesAt,
  holdsAt,
  lookAtFaults,
  type ProxyFaultState,
  plannedState,
  putFaults,
  removeFaults,
} from './put-faults.ts'

const directions = ['out', 'in', 'both'] as const
const distributions = ['uniform', 'normal'] as const
const ends = ['reset', 'close'] as const

/** `slow`: a bad link as people know it. What else a bad link does happens to packets. */
const slow = { delay: 500, jitter: 100 }

interface NetworkSpec {
  /** ms. */
  delay?: number
  jitter?: number
  distribution?: (typeof distributions)[number]
  /** bit/s. */
  bandwidth?: number
  /** Bytes. */
  cut?: number
  cut_by?: (typeof ends)[number]
  slice?: number
  slice_pause?: number
  direction?: (typeof directions)[number]
  share?: number
}

const preset = () =>
  text.check(
    refusing((name) => {
      if (name === 'slow') return undefined
      if (name !== 'lossy' && name !== 'flaky') return { message: `there is no preset ${name}`, fix: 'write slow' }
      return {
        message: `${name} loses packets, and a proxy passes on a stream`,
        fix: 'possible at: host, container, pod; at a proxy write slow',
      }
    }, 'place-impossible'),
    z.meta({ enum: ['slow'] }),
  )

const keys = () =>
  z.strictObject({
    delay: says('Each piece arrives this much later, in the order in which it was sent.', z.optional(duration), '100ms', '500ms'),
    jitter: says('The delay varies by up to this much, up and down.', z.optional(duration), '20ms'),
    distribution: says('How it varies: uniform (the default) or normal.', z.optional(z.enum(distributions))),
    bandwidth: says('No more than this passes, per connection and direction.', z.optional(bandwidth), '128kbit', '10mbit'),
    cut: says('The connection ends after exactly so many bytes.', z.optional(size), '64KiB'),
    cut_by: says('How it ends: reset (the default) or close.', z.optional(z.enum(ends))),
    slice: says('What is sent arrives in pieces of this size.', z.optional(size), '100B'),
    slice_pause: says('The pause between two of these pieces; default none.', z.optional(duration), '10ms'),
    preset: says('slow is delay: 500ms, jitter: 100ms.', z.optional(preset())),
    direction: says('out: towards the service (the default); in: its answers; both.', z.optional(z.enum(directions))),
    share: says('Which share of the connections, drawn for each; default all.', z.optional(share), '10%'),
  })

/** What needs something else beside it, or stands in its way. */
const together = () =>
  z.check<z.infer<ReturnType<typeof keys>>>(({ value, issues }) => {
    const wrong = (key: string | null, message: string, fix: string): unknown =>
      issues.push({ code: 'custom', input: value, path: key === null ? [] : [key], message, params: { code: 'value-not-allowed', fix } })
    const needs = (key: keyof typeof value, other: keyof typeof value, example: string): unknown =>
      value[key] !== undefined && value[other] === undefined && wrong(key, `${key} is nothing without ${other}`, `write ${example} too`)
    if (value.preset !== undefined) {
      for (const key of ['delay', 'jitter'] as const)
        if (value[key] !== undefined) wrong(key, 'the preset says it', `remove ${key}, or preset`)
    } else {
      needs('jitter', 'delay', 'delay: 100ms')
      needs('distribution', 'jitter', 'jitter: 20ms')
    }
    needs('cut_by', 'cut', 'cut: 64KiB')
    needs('slice_pause', 'slice', 'slice: 100B')
    if (value.slice === 0) wrong('slice', 'pieces of 0 bytes carry nothing', 'write e.g. 100B')
    if (value.share === 0) wrong('share', '0% of the connections is none of them', 'write e.g. 10%')
    // A key that is misspelt has been told: it may be the one that is missing.
    const nothing = ['delay', 'bandwidth', 'cut', 'slice', 'preset'].every((key) => value[key as keyof typeof value] === undefined)
    if (nothing && issues.length === 0)
      wrong(null, 'nothing happens to the network', 'write e.g. delay: 100ms, bandwidth: 128kbit or preset: slow')
  })

/** Made when it is first asked for: a document without such a fault need not wait for it. */
const spec = once(() =>
  says(
    'Makes the way through a proxy slow, narrow or short.',
    z.pipe(
      keys().check(together()),
      z.transform(({ preset: named, ...rest }): NetworkSpec => ({ ...(named !== undefined && slow), ...rest }) as NetworkSpec),
    ),
  ),
)

/** With what was asked for, so that a dial can be moved. */
type NetworkState = ProxyFaultState & { asked: { [key: string]: number | string }; seed: number }

export const network: Injector<NetworkSpec, NetworkState> = {
  type: 'network',
  places: ['proxy'],
  holds: 'stream',
  dials: ['delay', 'bandwidth'],
  settle: '500ms',
  get spec() {
    return spec() as unknown as z.core.$ZodType<NetworkSpec>
  },
  needs: () => [],
  async plan(asked, target, context) {
    await loadLeases()
    const seed = Math.floor(context.random() * 2 ** 31)
    const faults = streamFaults(asked, context.mark, seed)
    const does = `at ${target.name}, ${actWords(asked).join(', ')}: ${wayWords(asked)}`
    return {
      state: { ...plannedState(target, faults, context), asked: { ...asked }, seed },
      does: [does, ...(await differencesAt(target, faults))].join('; '),
      undoes: `take it away at ${target.name}; what is held flows on`,
      ...holdsAt(target, 'network', context),
    }
  },
  inject: putFaults,
  async adjust(state, dose, context) {
    await changeFaults(state, streamFaults({ ...state.asked, ...dose }, context.mark, state.seed), context)
  },
  rollback: removeFaults,
  look: (state) => lookAtFaults(state, (faults) => seenOf(faults)),
}

/** In the order in which they act on what passes. */
function streamFaults(spec: NetworkSpec, mark: string, seed: number): StreamFault[] {
  const { direction = 'out', share: part = 1 } = spec
  const ways: Direction[] = direction === 'both' ? ['up', 'down'] : [direction === 'out' ? 'up' : 'down']
  return ways.flatMap((way) =>
    actsOf(spec).map((act): StreamFault => ({ is: 'stream', id: `${mark}/${act.is}/${way}`, direction: way, share: part, seed, act })),
  )
}

function actsOf({ delay, jitter = 0, distribution, bandwidth: bits, cut, cut_by, slice, slice_pause }: NetworkSpec): StreamAct[] {
  const acts: StreamAct[] = []
  if (slice !== undefined) acts.push({ is: 'slice', size: slice, variation: 0, pauseUs: (slice_pause ?? 0) * 1000 })
  if (bits !== undefined) acts.push({ is: 'rate', bytesPerSecond: bits / 8 })
  if (delay !== undefined) acts.push({ is: 'delay', ms: delay, jitter, ...(distribution && { shape: distribution }) })
  if (cut !== undefined) acts.push({ is: 'cut', bytes: cut, by: cut_by ?? 'reset' })
  return acts
}

function actWords({ delay, jitter, bandwidth: bits, cut, cut_by, slice, slice_pause }: NetworkSpec): string[] {
  const words: string[] = []
  const ms = (value: number): string => `${value} ms`
  if (delay !== undefined) words.push(`delay by ${ms(delay)}${jitter ? ` ± ${ms(jitter)}` : ''}`)
  if (bits !== undefined) words.push(`let ${formatQuantity(bits, 'bit/s')} through`)
  if (slice !== undefined) words.push(`slice into ${formatQuantity(slice, 'bytes')}${slice_pause ? `, ${ms(slice_pause)} apart` : ''}`)
  if (cut !== undefined) words.push(`${cut_by ?? 'reset'} after ${formatQuantity(cut, 'bytes')}`)
  return words
}

function wayWords({ direction = 'out', share: part = 1 }: NetworkSpec): string {
  const way = { out: 'what goes to the service', in: 'what comes back', both: 'both ways' }[direction]
  return part === 1 ? way : `${way}, on ${formatQuantity(part, 'share')} of the connections`
}

/** What it did, in words, by direction; as dose only what says how strong it was: of a bandwidth that nobody used up the limit is all that can be told. */
function seenOf(faults: readonly SeenFault[]): Pick<Look, 'seen' | 'dose'> {
  const dose: Record<string, number> = {}
  const ways = (['up', 'down'] as const).flatMap((way) => {
    const words = faults.flatMap(({ fault, acted, achieved }) =>
      fault.is === 'stream' && fault.direction === way ? [pieceWords(fault.act, acted?.connections, achieved, dose)] : [],
    )
    return words.length > 0 ? [{ way, words: words.join(', ') }] : []
  })
  const both = ways.length > 1
  const seen = ways.map(({ way, words }) => (both ? `${way === 'up' ? 'out' : 'in'}: ${words}` : words)).join('; ')
  return { seen, ...(Object.keys(dose).length > 0 && { dose }) }
}

/** The parameter that asks for it, as people have written it. */
const parameterOf: Readonly<Record<string, string>> = { rate: 'bandwidth' }

function pieceWords(
  act: StreamAct,
  connections: number | undefined,
  achieved: SeenFault['achieved'],
  dose: Record<string, number>,
): string {
  const on = connections === undefined ? '' : ` on ${connections} ${connections === 1 ? 'connection' : 'connections'}`
  if (act.is === 'delay' && achieved?.delay !== undefined) {
    dose.delay = Math.max(dose.delay ?? 0, achieved.delay)
    return `${Number(achieved.delay.toPrecision(3))} ms late${on}`
  }
  if (act.is === 'rate' && achieved?.rate !== undefined) {
    dose.bandwidth = Math.max(act.bytesPerSecond, achieved.rate) * 8
    return `${formatQuantity(Number((achieved.rate * 8).toPrecision(3)), 'bit/s')} passed${on}`
  }
  const parameter = parameterOf[act.is] ?? act.is
  return connections === 0 ? `${parameter} waits for a connection` : `${parameter} is there${on}`
}
