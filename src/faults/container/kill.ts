/** Kills a container's main process, and sees to it that the container runs again. */
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { wallMs } from '../../system/clock.ts'
import { readStat } from '../../system/proc.ts'
import type { Injector } from '../injector.ts'
import { askFor, notAsked } from './asking.ts'
import { engineOf, type Inspected, inspectRunning, placeOf } from './inspect.ts'
import { lookOnceDown, strike, upAgain } from './once-down.ts'
import type { EndedState } from './start-again.ts'
import { mustOutliveItsEnd, stateLock } from './stop.ts'

interface KillSpec {
  signal?: string
}

const signals = ['KILL', 'TERM', 'INT', 'QUIT', 'HUP', 'ABRT'] as const

const spec = z.strictObject({
  signal: says('The signal, without SIG; default KILL.', z.optional(z.enum(signals)), 'KILL', 'TERM'),
})

type KillState = EndedState & {
  signal: string
  /** Its main process on this machine, and that one's start time: killed directly, so that the engine's restart policy acts. */
  pid: number | null
  start: number | null
}

export const killContainer: Injector<KillSpec, KillState> = {
  type: 'kill',
  places: ['container'],
  holds: 'container',
  instant: true,
  patience: { inject: '30s', rollback: '60s' },
  spec: says(
    'Kills its main process; the rollback starts it again, unless its restart policy has.',
    spec,
  ) as unknown as z.core.$ZodType<KillSpec>,
  needs: () => [{ docker: true }],
  async plan(asked, target) {
    const place = placeOf(target)
    const found = await inspectRunning(place)
    mustOutliveItsEnd(place, found.HostConfig.AutoRemove)
    const policy = found.HostConfig.RestartPolicy.Name || 'no'
    const signal = asked.signal ?? 'KILL'
    // The engine takes a kill through its API for the user's wish that it stay down.
    const pid = policy === 'no' ? null : localPid(place.engine.url, found)
    const how =
      policy === 'no'
        ? ''
        : pid === null
          ? `; its restart policy (${policy}) does not act on a kill through the engine`
          : `; its restart policy is ${policy}`
    const kills = pid === null ? `POST /containers/${place.name}/kill?signal=${signal}` : `kill -${signal} ${pid}`
    return {
      state: {
        ...place,
        ...notAsked,
        startedAt: found.State.StartedAt,
        plannedAt: wallMs(),
        grace: 0,
        signal,
        pid,
        start: pid === null ? null : (readStat(pid)?.start ?? null),
      },
      does: `kill container ${place.name} with SIG${signal}${how}`,
      undoes: `start container ${place.name}, unless it runs again`,
      steps: [{ does: kills, undoes: `POST /containers/${place.name}/start` }],
      lock: stateLock(place),
    }
  },
  async inject(state, context) {
    strike(context)
    await askFor(state, context, async () => {
      if (state.pid === null) return engineOf(state).call('POST', `/containers/${state.id}/kill`, { query: { signal: state.signal } })
      if (readStat(state.pid)?.start !== state.start) throw new SquallError('no-target', `${state.name} has ended`)
      process.kill(state.pid, `SIG${state.signal}` as NodeJS.Signals)
      return undefined
    })
  },
  rollback: upAgain,
  look: lookOnceDown,
}

/** Where the engine and its containers are of this machine and ours to signal. */
function localPid(url: string, { Id, State }: Inspected): number | null {
  if (!url.startsWith('unix://') || process.getuid?.() !== 0) return null
  try {
    return readFileSync(`/proc/${State.Pid}/cgroup`, 'latin1').includes(Id) ? State.Pid : null
  } catch {
    return null
  }
}
