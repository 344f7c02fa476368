/** Stops a container as `docker stop` does, and starts it again. */
import * as z from 'zod/mini'
import { duration, says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { wallMs } from '../../system/clock.ts'
import type { Context, Injector, Look } from '../injector.ts'
import { askFor, notAsked } from './asking.ts'
import { type ContainerPlace, engineOf, type Inspected, inspect, inspectRunning, placeOf } from './inspect.ts'
import { type EndedState, isUp, mayStillEnd, startAgain } from './start-again.ts'

export interface GraceSpec {
  /** ms. */
  grace?: number
}

/** Of what ends a container in order, for good or for a moment. */
export const graceSpec = z.strictObject({
  grace: says(
    'How long it may take to end before it is killed; default: the container’s own, else 10 s.',
    z.optional(duration),
    '0s',
    '10s',
  ),
})

/** What Docker waits when a container says nothing. */
const dockersGrace = 10_000
/** A rollback waits for a stop that is under way: nobody wants that for longer. */
const longestGrace = 60_000

export const stop: Injector<GraceSpec, EndedState> = {
  type: 'stop',
  places: ['container'],
  holds: 'container',
  patience: { inject: '90s', rollback: '120s' },
  spec: says('Stops it, as docker stop does; the rollback starts it again.', graceSpec) as unknown as z.core.$ZodType<GraceSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const found = await inspectRunning(place)
    mustOutliveItsEnd(place, found.HostConfig.AutoRemove)
    const grace = graceOf(asked, place, found)
    const seconds = Math.ceil(grace / 1000)
    return {
      state: { ...place, ...notAsked, startedAt: found.State.StartedAt, plannedAt: wallMs(), grace },
      does: `stop container ${place.name}, killed after ${seconds} s`,
      undoes: `start container ${place.name}`,
      steps: [{ does: `POST /containers/${place.name}/stop?t=${seconds}`, undoes: `POST /containers/${place.name}/start` }],
      lock: stateLock(place),
    }
  },
  async inject(state, context) {
    const t = Math.ceil(state.grace / 1000)
    const stopping = (): Promise<unknown> =>
      engineOf(state).call('POST', `/containers/${state.id}/stop`, { query: { t }, timeout: state.grace + 20_000 })
    await askFor(state, context, () => notModified(stopping()))
  },
  rollback: startAgain,
  look: lookAtEnded,
}

/** ms that it is given to end; as it says itself when the document says nothing. @throws SquallError `fault-not-available` */
export function graceOf(asked: GraceSpec, { name }: ContainerPlace, { Config }: Inspected): number {
  const own = Config.StopTimeout === undefined || Config.StopTimeout === null ? dockersGrace : Config.StopTimeout * 1000
  const grace = asked.grace ?? own
  if (grace <= longestGrace) return grace
  throw new SquallError('fault-not-available', `${name} may take ${grace / 1000} s to stop`, { hint: 'Write grace: 60s or less.' })
}

/** One that the engine removes at its end cannot be put back. @throws SquallError `fault-not-available` */
export function mustOutliveItsEnd({ name }: ContainerPlace, autoRemove: boolean): void {
  if (!autoRemove) return
  throw new SquallError('fault-not-available', `the container ${name} is removed when it ends (--rm): it could not be started again`, {
    hint: 'Start it without --rm, or pause it.',
  })
}

/** Two faults must not both decide whether it runs. */
export function stateLock({ id }: ContainerPlace): string {
  return `container:${id}:state`
}

/** It was so already: somebody else was quicker. */
export async function notModified(call: Promise<unknown>): Promise<void> {
  await call.catch((error: { status?: number }) => {
    if (error.status !== 304) throw error
  })
}

export async function lookAtEnded(state: EndedState, context: Pick<Context<EndedState>, 'mark'>): Promise<Look> {
  const found = await inspect(state)
  if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
  const { Status, ExitCode } = found.State
  if (!isUp(found)) return { active: true, seen: `${state.name} is ${Status} (exit ${ExitCode})` }
  if (await mayStillEnd(state, found, context))
    return { active: true, seen: `${state.name} runs, but a stop may be under way in the engine` }
  return { active: false, seen: `${state.name} runs since ${found.State.StartedAt.slice(0, 19)}` }
}
