/** Takes memory from a container: a process in its own cgroup, under its own limit. */

import { readMemory } from '../../system/memory.ts'
import { aliveSame } from '../../system/proc.ts'
import { inWords } from '../disk/room.ts'
import { heldBy, type MemorySpec, type MemoryState, memorySpec, planMemory } from '../host/memory.ts'
import type { Injector } from '../injector.ts'
import { endStressors, howEnded, startStressor, stressorsOf } from '../stressor.ts'
import { joinCgroupsOf } from './cgroup.ts'
import { byHelper } from './helper/by-helper.ts'
import { placeOf } from './inspect.ts'
import { type FirstProcess, firstProcess } from './local-files.ts'

type ContainerMemoryState = MemoryState & { first: FirstProcess; name: string }

/** Less than of a machine: containers are small, and who has to clean up is not in there. */
const floor = 16 * 1024 ** 2

/** By a program of this machine that is moved into the container's cgroups. */
export const memoryFromOutside: Injector<MemorySpec, ContainerMemoryState> = {
  type: 'memory',
  places: ['container'],
  holds: 'memory',
  patience: { inject: '120s' },
  get spec() {
    return memorySpec('Takes memory away in the name of the container.')
  },
  needs: () => [{ docker: true }],
  async plan(spec, target, context) {
    const place = placeOf(target)
    const first = await firstProcess(place, 'memory')
    const planned = planMemory(spec, readMemory(first.pid), floor, context)
    return {
      ...planned,
      state: { ...planned.state, first, name: place.name },
      does: `${planned.does}, counted as container ${place.name}`,
      lock: `container:${place.id}:memory`,
    }
  },
  async inject({ expiresAt, first, name, ...held }, context) {
    if (!aliveSame(first.pid, first.start)) throw new Error(`the container ${name} has ended or was started again`)
    if (stressorsOf(context.mark).length > 0) return
    const task = { ...held, owner: first }
    await startStressor({ entry: 'memory-holder', task, expiresAt, context, put: (pid) => joinCgroupsOf(pid, first) })
  },
  rollback: (_state, context) => endStressors(context.mark),
  look({ first, name }, context) {
    const held = heldBy(context.mark)
    if (held !== null) {
      const { available, total } = readMemory(first.pid)
      const seen = `${inWords(held)} are held as container ${name}, which has ${inWords(available)} of ${inWords(total)} left`
      return Promise.resolve({ active: true, seen })
    }
    const seen = 'no memory is held'
    const over = aliveSame(first.pid, first.start) === null
    return Promise.resolve({
      active: false,
      seen,
      ...(over ? { died: `the container ${name} ended while its memory was held` } : howEnded(context.mark)),
    })
  },
}

export const memoryOfContainer = byHelper(memoryFromOutside, 'name')
