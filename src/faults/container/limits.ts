/** Gives a container less of the machine: processors, memory, processes. */
import * as z from 'zod/mini'
import { formatQuantity, readQuantity } from '../../document/quantity.ts'
import { count, readBy, says, size } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { type Asked, askFor, mayArrive, notAsked } from './asking.ts'
import { isGone } from './engine.ts'
import { type ContainerPlace, engineOf, inspect, inspectRunning, placeOf } from './inspect.ts'
import { isAt, kernelSays, type Limit, type LimitsSpec, limitsOf } from './limit-values.ts'

const positive = z.refine((value) => (value as number) > 0, { error: 'must be more than 0' })
const enough = z.refine((value) => (value as number) >= 6 * 1024 * 1024, { error: 'the engine takes no limit below 6MiB' })
const processors = readBy((source) => readQuantity(source, 'count'), 'a number such as 0.5', {
  anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'string' }],
  description: 'A number, with a point if need be.',
})

const spec = z
  .strictObject({
    cpus: says('How many processors’ worth of time it gets: 0.5 is half of one.', z.optional(processors.check(positive)), 0.5),
    memory: says('How much memory it may use; it must be more than it uses now.', z.optional(size.check(enough)), '128MiB'),
    pids: says('How many processes and threads it may have.', z.optional(count.check(positive)), 20),
  })
  .check(
    z.refine((value) => Object.values(value).some((one) => one !== undefined), {
      error: 'no limit is given',
      params: { fix: 'write e.g. cpus: 0.5' },
    }),
  )

type LimitsState = ContainerPlace & Asked & { limits: Limit[] }

export const limits: Injector<LimitsSpec, LimitsState> = {
  type: 'limits',
  places: ['container'],
  holds: 'limits',
  spec: says('Lowers its limits; the rollback gives it back those it had.', spec) as unknown as z.core.$ZodType<LimitsSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const { HostConfig: host } = await inspectRunning(place)
    const wanted = limitsOf(asked, host)
    const had = wanted.filter((limit) => isAt(host, limit.set))
    if (had.length > 0)
      throw new SquallError(
        'fault-not-available',
        `the container ${place.name} has this limit of ${had.map(({ name }) => name).join(', ')} already`,
      )
    if (asked.memory !== undefined) await mustBeMoreThanUsed(place, asked.memory)
    const together = (which: 'set' | 'back'): object => Object.assign({}, ...wanted.map((limit) => limit[which])) as object
    return {
      state: { ...place, ...notAsked, limits: wanted },
      does: `limit container ${place.name} to ${wanted.map(({ words }) => words).join(', ')}`,
      undoes: `give container ${place.name} its limits back`,
      steps: [
        {
          does: `POST /containers/${place.name}/update ${JSON.stringify(together('set'))}`,
          undoes: `POST /containers/${place.name}/update ${JSON.stringify(together('back'))}`,
        },
      ],
      lock: `container:${place.id}:limits`,
    }
  },
  async inject(state, context) {
    await askFor(state, context, () => update(state, Object.assign({}, ...state.limits.map(({ set }) => set)) as object))
  },
  async rollback(state, context) {
    for (;;) {
      const found = await inspect(state)
      if (!found) return
      // Only what still has our value: a limit that somebody has set meanwhile is theirs.
      const ours = state.limits.filter(({ set }) => isAt(found.HostConfig, set))
      if (ours.length > 0) return void (await update(state, Object.assign({}, ...ours.map(({ back }) => back)) as object).catch(unlessGone))
      if (!mayArrive(state, context)) return
      await sleep(200)
    }
  },
  async look(state) {
    const found = await inspect(state)
    if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
    const { HostConfig: host } = found
    const ours = state.limits.filter(({ set }) => isAt(host, set))
    const others = state.limits.filter(({ set, back }) => !isAt(host, set) && !isAt(host, back))
    const changed = others.length > 0 ? `${others.map(({ name }) => name).join(', ')} of ${state.name} was set by others` : undefined
    const seen = `${state.name} ${ours.length > 0 ? `is limited to ${ours.map(({ words }) => words).join(', ')}` : 'has none of these limits'}`
    const kernel = kernelSays(found, state.limits)
    return {
      active: ours.length > 0,
      seen: kernel === null ? seen : `${seen}; the kernel: ${kernel}`,
      hit: [ours.length, state.limits.length],
      ...(changed !== undefined && { changed }),
    }
  },
}

interface Stats {
  memory_stats: { usage?: number; stats?: { total_inactive_file?: number; inactive_file?: number } }
}

/** Lower than what is used, version 1 of cgroups refuses it and version 2 kills. What can be dropped at once does not count. */
async function mustBeMoreThanUsed(place: ContainerPlace, wanted: number): Promise<void> {
  const query = { stream: false, 'one-shot': true }
  const { memory_stats: memory } = await engineOf(place).call<Stats>('GET', `/containers/${place.id}/stats`, { query })
  const used = (memory.usage ?? 0) - (memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0)
  if (used < wanted) return
  const [limit, use] = [wanted, used].map((bytes) => formatQuantity(bytes, 'bytes'))
  throw new SquallError('limit-below-use', `the container ${place.name} uses ${use} of memory now: it cannot be limited to ${limit}`)
}

async function update(state: LimitsState, to: object): Promise<void> {
  await engineOf(state).call('POST', `/containers/${state.id}/update`, { body: to })
}

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error
}
