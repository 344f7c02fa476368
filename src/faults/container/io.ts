/** Keeps the disk below a folder of a container busy: workers in its own cgroup, under its own limits. */
import { aliveSame } from '../../system/proc.ts'
import { type IoSpec, type IoState, io, ioSpec, planIo, startIo } from '../host/io.ts'
import type { Injector } from '../injector.ts'
import { joinCgroupsOf } from './cgroup.ts'
import { placeOf } from './inspect.ts'
import { firstProcess, mountsOf, pathInside } from './local-files.ts'

export const ioOfContainer: Injector<IoSpec, IoState> = {
  type: 'io',
  places: ['container'],
  get spec() {
    return ioSpec('Keeps a disk busy with writing, in the name of the container.')
  },
  needs: () => [{ docker: true }],
  async plan(spec, target, context) {
    const place = placeOf(target)
    const owner = await firstProcess(place, 'io')
    const shown = `${spec.path} in the container ${place.name}`
    const planned = await planIo({ dir: pathInside(owner, spec.path), shown, mounts: mountsOf(owner), owner }, spec, context)
    return { ...planned, lock: `io:container:${place.id}:${spec.path}` }
  },
  inject(state, context) {
    const { owner, shown } = state
    if (!owner || !aliveSame(owner.pid, owner.start))
      return Promise.reject(new Error(`${shown} is gone: it has ended or was started again`))
    return startIo(state, context, (pid) => joinCgroupsOf(pid, owner))
  },
  rollback: io.rollback,
  async look(state, context) {
    const seen = await io.look(state, context)
    const over = state.owner && aliveSame(state.owner.pid, state.owner.start) === null
    return over && !seen.active ? { ...seen, died: `the container of ${state.shown} ended meanwhile` } : seen
  },
}
