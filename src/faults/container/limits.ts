/** Gives a container less of the machine: processors, memory, processes. */
import * as z from 'zod/mini'
import { formatQuantity, readQuantity } from '../../document/quantity.ts'
import { count, readBy, says, size } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { type Asked, askFor, mayArrive, notAsked } from './asking.ts'
import { isGone } from './engine.ts'
import { type ContainerPlace, engineOf, type Inspected, inspect, inspectRunning, placeOf } from './inspect.ts'

interface LimitsSpec {
  cpus?: number
  memory?: number
  pids?: number
}

const positive = z.refine((value) => (value as number) > 0, { error: 'must be more than 0' })
const processors = readBy((source) => readQuantity(source, 'count'), 'a number such as 0.5', {
  anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'string' }],
  description: 'A number, with a point if need be.',
})

const spec = z
  .strictObject({
    cpus: says('How many processors’ worth of time it gets: 0.5 is half of one.', z.optional(processors.check(positive)), 0.5),
    memory: says('How much memory it may use; less than it uses now is refused by the engine.', z.optional(size), '128MiB'),
    pids: says('How many processes and threads it may have.', z.optional(count.check(positive)), 20),
  })
  .check(
    z.refine((value) => Object.values(value).some((one) => one !== undefined), {
      error: 'no limit is given',
      params: { fix: 'write e.g. cpus: 0.5' },
    }),
  )

/** The engine's own words for them; memory takes its swap along in the same call, or the engine refuses. */
type Limits = { NanoCpus?: number; Memory?: number; MemorySwap?: number; PidsLimit?: number }
type Key = keyof Limits

type LimitsState = ContainerPlace & Asked & { wanted: Limits; before: Limits }

export const limits: Injector<LimitsSpec, LimitsState> = {
  type: 'limits',
  places: ['container'],
  holds: 'limits',
  spec: says('Lowers its limits; the rollback gives it back those it had.', spec) as unknown as z.core.$ZodType<LimitsSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const { HostConfig: host } = await inspectRunning(place)
    if (asked.cpus !== undefined && host.CpuQuota > 0 && host.NanoCpus === 0)
      throw new SquallError('fault-not-available', `${place.name} has a CPU quota (--cpu-quota), which the engine does not mix with cpus`)
    const wanted = wantedLimits(asked, host)
    const before = Object.fromEntries(Object.keys(wanted).map((key) => [key, valueOf(host, key as Key)])) as Limits
    return {
      state: { ...place, ...notAsked, wanted, before },
      does: `limit container ${place.name} to ${words(asked)}`,
      undoes: `give container ${place.name} its limits back`,
      steps: [
        {
          does: `POST /containers/${place.name}/update ${JSON.stringify(wanted)}`,
          undoes: `POST /containers/${place.name}/update ${JSON.stringify(before)}`,
        },
      ],
      lock: `container:${place.id}:limits`,
    }
  },
  async inject(state, context) {
    await askFor(state, context, () => update(state, state.wanted, context.signal))
  },
  async rollback(state) {
    for (;;) {
      const found = await inspect(state)
      if (!found) return
      const ours = stillOurs(state, found.HostConfig)
      // Only what still has our value: a limit that somebody has set meanwhile is theirs.
      if (Object.keys(ours).length > 0) {
        await update(state, ours).catch(unlessGone)
        return
      }
      if (!mayArrive(state)) return
      await sleep(200)
    }
  },
  async look(state) {
    const found = await inspect(state)
    if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
    const { HostConfig: host } = found
    const keys = Object.keys(state.wanted) as Key[]
    const now = keys.map((key) => `${key} ${valueOf(host, key)}`).join(', ')
    const [has, had] = [
      keys.filter((key) => valueOf(host, key) === state.wanted[key]),
      keys.filter((key) => valueOf(host, key) === state.before[key]),
    ]
    const others = keys.filter((key) => !has.includes(key) && !had.includes(key))
    const changed = others.length > 0 ? `${others.join(', ')} of ${state.name} was set by others: ${now}` : undefined
    return { active: has.some((key) => !had.includes(key)), seen: now, ...(changed && { changed }) }
  },
}

function wantedLimits({ cpus, memory, pids }: LimitsSpec, host: Inspected['HostConfig']): Limits {
  const wanted: Limits = {}
  if (cpus !== undefined) wanted.NanoCpus = Math.round(cpus * 1e9)
  if (memory !== undefined) {
    wanted.Memory = memory
    // Swap counts memory too: it keeps the room beyond memory that it had, none where it had no limit at all.
    const beyond = host.Memory > 0 && host.MemorySwap > host.Memory ? host.MemorySwap - host.Memory : 0
    wanted.MemorySwap = memory + beyond
  }
  if (pids !== undefined) wanted.PidsLimit = Math.round(pids)
  return wanted
}

/** The engine says null or 0 for no limit; to be set back, memory's and processes' is −1, processors' 0. */
function valueOf(host: Inspected['HostConfig'], key: Key): number {
  const value = host[key] ?? 0
  return value === 0 && key !== 'NanoCpus' ? -1 : value
}

function stillOurs({ wanted, before }: LimitsState, host: Inspected['HostConfig']): Limits {
  const keys = (Object.keys(wanted) as Key[]).filter((key) => valueOf(host, key) === wanted[key] && wanted[key] !== before[key])
  const back = Object.fromEntries(keys.map((key) => [key, before[key]])) as Limits
  // Neither goes without the other.
  if (back.MemorySwap !== undefined && back.Memory === undefined) delete back.MemorySwap
  return back
}

async function update(state: LimitsState, to: Limits, signal?: AbortSignal): Promise<void> {
  await engineOf(state).call('POST', `/containers/${state.id}/update`, { body: to, ...(signal && { signal }) })
}

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error
}

function words({ cpus, memory, pids }: LimitsSpec): string {
  const parts = [
    cpus !== undefined && `${cpus} processors`,
    memory !== undefined && formatQuantity(memory, 'bytes'),
    pids !== undefined && `${pids} processes`,
  ]
  return parts.filter(Boolean).join(', ')
}
