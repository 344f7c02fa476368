/** Takes processor time from a container: workers in its own cgroup, under its own limits. */
import type * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { aliveSame } from '../../system/proc.ts'
import { adjustLoad, type CpuSpec, type CpuState, cpuSpec, endLoad, lookAtLoad, plannedLoad, startLoad } from '../cpu-load.ts'
import type { Injector } from '../injector.ts'
import { joinCgroupsOf } from './cgroup.ts'
import { byHelper } from './helper/by-helper.ts'
import { placeOf } from './inspect.ts'
import { type FirstProcess, firstProcess } from './local-files.ts'

type ContainerCpuState = CpuState & { first: FirstProcess; name: string }

/** By a program of this machine that is moved into the container's cgroups. */
export const cpuFromOutside: Injector<CpuSpec, ContainerCpuState> = {
  type: 'cpu',
  places: ['container'],
  holds: 'processors',
  dials: ['load'],
  spec: says('Keeps processors busy in the name of the container.', cpuSpec) as unknown as z.core.$ZodType<CpuSpec>,
  needs: () => [{ docker: true }],
  async plan(spec, target, context) {
    const place = placeOf(target)
    const first = await firstProcess(place, 'cpu')
    const planned = plannedLoad(spec, context)
    return {
      ...planned,
      state: { ...planned.state, first, name: place.name },
      does: `${planned.does}, counted as container ${place.name}`,
      lock: `container:${place.id}:cpu`,
    }
  },
  inject(state, context) {
    if (!aliveSame(state.first.pid, state.first.start))
      return Promise.reject(new Error(`the container ${state.name} has ended or was started again`))
    startLoad(state, context, { owner: state.first, put: (pid) => joinCgroupsOf(pid, state.first) })
    return Promise.resolve()
  },
  adjust: adjustLoad,
  rollback: endLoad,
  async look(state, context) {
    const seen = await lookAtLoad(state, context)
    const ended = aliveSame(state.first.pid, state.first.start) === null
    return ended && !seen.active ? { ...seen, died: `the container ${state.name} ended while its processors were kept busy` } : seen
  },
}

export const cpuOfContainer = byHelper(cpuFromOutside, 'name')
