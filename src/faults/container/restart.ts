/** Restarts a container as `docker restart` does. */
import * as z from 'zod/mini'
import { duration, says } from '../../document/schema-types.ts'
import { wallMs } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { askFor, notAsked } from './asking.ts'
import { engineOf, inspect, inspectRunning, placeOf } from './inspect.ts'
import { type EndedState, startAgain } from './start-again.ts'
import { lookAtEnded, mustOutliveItsEnd, stateLock } from './stop.ts'

interface RestartSpec {
  grace?: number
}

const spec = z.strictObject({
  grace: says('How long it may take to end before it is killed; default 10s.', z.optional(duration), '0s', '10s'),
})

const defaultGrace = 10_000

type RestartState = EndedState & { undone: boolean }

export const restart: Injector<RestartSpec, RestartState> = {
  type: 'restart',
  places: ['container'],
  holds: 'container',
  instant: true,
  patience: { inject: '90s', rollback: '120s' },
  spec: says('Restarts it; the rollback sees to it that it runs.', spec) as unknown as z.core.$ZodType<RestartSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const found = await inspectRunning(place)
    mustOutliveItsEnd(place, found.HostConfig.AutoRemove)
    const grace = Math.min(asked.grace ?? defaultGrace, 60_000)
    return {
      state: { ...place, ...notAsked, startedAt: found.State.StartedAt, plannedAt: wallMs(), grace, undone: false },
      does: `restart container ${place.name}`,
      undoes: `start container ${place.name}, unless it runs`,
      steps: [
        { does: `POST /containers/${place.name}/restart?t=${Math.ceil(grace / 1000)}`, undoes: `POST /containers/${place.name}/start` },
      ],
      lock: stateLock(place),
    }
  },
  async inject(state, context) {
    const query = { t: Math.ceil(state.grace / 1000) }
    const path = `/containers/${state.id}/restart`
    await askFor(state, context, () => engineOf(state).call('POST', path, { query, timeout: state.grace + 20_000, signal: context.signal }))
  },
  async rollback(state, context) {
    await startAgain(state, context)
    await context.save({ ...state, undone: true })
  },
  async look(state) {
    const seen = await lookAtEnded(state)
    if (seen.active || seen.died !== undefined || state.askedAt === null || state.undone) return seen
    const found = await inspect(state)
    const again = found?.State.StartedAt !== state.startedAt
    return { active: again, seen: again ? `${state.name} was restarted` : `${state.name} still runs as before` }
  },
}
