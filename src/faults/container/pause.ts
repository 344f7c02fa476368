/** Freezes a container: it neither answers nor notices the time that passes. */
import * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { sleep } from '../../system/clock.ts'
import type { Injector } from '../injector.ts'
import { type Asked, askFor, mayArrive, notAsked } from './asking.ts'
import { EngineError } from './engine.ts'
import { type ContainerPlace, engineOf, type Inspected, inspect, inspectRunning, placeOf } from './inspect.ts'
import { kernelFile } from './kernel.ts'
import { stateLock } from './stop.ts'

type PauseState = ContainerPlace & Asked

export const pauseContainer: Injector<Record<string, never>, PauseState> = {
  type: 'pause',
  places: ['container'],
  holds: 'container',
  spec: says('Freezes it: it stands still, and its connections stay open.', z.strictObject({})) as unknown as z.core.$ZodType<
    Record<string, never>
  >,
  needs: () => [{ docker: true }],
  async plan(_asked, target) {
    const place = placeOf(target)
    await inspectRunning(place)
    return {
      state: { ...place, ...notAsked },
      does: `freeze container ${place.name}`,
      undoes: `let container ${place.name} go on`,
      steps: [{ does: `POST /containers/${place.name}/pause`, undoes: `POST /containers/${place.name}/unpause` }],
      lock: stateLock(place),
    }
  },
  async inject(state, context) {
    const pausing = (): Promise<unknown> => engineOf(state).call('POST', `/containers/${state.id}/pause`)
    await askFor(state, context, () => pausing().catch(unlessSo))
  },
  async rollback(state, context) {
    for (;;) {
      const found = await inspect(state)
      if (found?.State.Paused) await engineOf(state).call('POST', `/containers/${state.id}/unpause`).catch(unlessSo)
      if (!found || found.State.Paused || !mayArrive(state, context)) return
      await sleep(200)
    }
  },
  async look(state) {
    const found = await inspect(state)
    if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
    const { Paused, Running, Status } = found.State
    if (Paused) return { active: true, seen: `${state.name} is paused${kernelWords(found)}` }
    if (!Running)
      return { active: false, seen: `${state.name} is ${Status}`, died: `the container ${state.name} ended while it was paused` }
    return { active: false, seen: `${state.name} runs` }
  },
}

const freezer = { controller: 'freezer', v1: 'freezer.state', v2: 'cgroup.freeze' }

function kernelWords(found: Inspected): string {
  const text = kernelFile(found, freezer)
  return text === null ? '' : text === 'FROZEN' || text === '1' ? ', frozen by the kernel' : `, though the kernel says ${text}`
}

/** “Already paused”, “not paused”: as it should be. Gone: nothing to do. */
function unlessSo(error: unknown): void {
  if (error instanceof EngineError && (error.status === 409 || error.status === 404 || /(is|not) (already )?paused/i.test(error.message)))
    return
  throw error
}
