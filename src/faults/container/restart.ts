/** Restarts a container as `docker restart` does. */
import type * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { wallMs } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { askFor, notAsked } from './asking.ts'
import { engineOf, inspectRunning, placeOf } from './inspect.ts'
import { lookOnceDown, strike, upAgain } from './once-down.ts'
import type { EndedState } from './start-again.ts'
import { type GraceSpec, graceOf, graceSpec, mustOutliveItsEnd, stateLock } from './stop.ts'

export const restart: Injector<GraceSpec, EndedState> = {
  type: 'restart',
  places: ['container'],
  holds: 'container',
  instant: true,
  patience: { inject: '90s', rollback: '120s' },
  spec: says('Restarts it; the rollback sees to it that it runs.', graceSpec) as unknown as z.core.$ZodType<GraceSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const found = await inspectRunning(place)
    mustOutliveItsEnd(place, found.HostConfig.AutoRemove)
    const grace = graceOf(asked, place, found)
    return {
      state: { ...place, ...notAsked, startedAt: found.State.StartedAt, plannedAt: wallMs(), grace },
      does: `restart container ${place.name}`,
      undoes: `start container ${place.name}, unless it runs`,
      steps: [
        { does: `POST /containers/${place.name}/restart?t=${Math.ceil(grace / 1000)}`, undoes: `POST /containers/${place.name}/start` },
      ],
      lock: stateLock(place),
    }
  },
  async inject(state, context) {
    strike(context)
    const query = { t: Math.ceil(state.grace / 1000) }
    const path = `/containers/${state.id}/restart`
    await askFor(state, context, () => engineOf(state).call('POST', path, { query, timeout: state.grace + 20_000 }))
  },
  rollback: upAgain,
  look: lookOnceDown,
}
