/** Processes of ours that count as a container's own: in its cgroups, so that its limits and its account are theirs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Moves a process into every cgroup in which the other one is. @throws when none of them could be entered */
export function joinCgroupsOf(pid: number, { pid: other }: { pid: number }): void {
  let entered = 0
  for (const folder of cgroupsOf(other)) {
    if (!existsSync(join(folder, 'cgroup.procs'))) continue
    writeFileSync(join(folder, 'cgroup.procs'), String(pid))
    entered++
  }
  if (entered === 0) throw new Error(`no cgroup of process ${other} can be entered`)
}

/** Version 1: a folder a controller; version 2: one, and not the root, which an engine with version 1 leaves everybody in. */
function cgroupsOf(pid: number): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'latin1')
    .split('\n')
    .map((line) => line.split(' '))
  return readFileSync(`/proc/${pid}/cgroup`, 'latin1')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [number, controllers = '', path = '/'] = line.split(':')
      // Frozen with a container that is paused meanwhile, a worker could not even be ended.
      if (path === '/' || controllers === 'freezer') return []
      const mount = mounts.find(([, , type, options = '']) =>
        number === '0' ? type === 'cgroup2' : type === 'cgroup' && controllers.split(',').every((one) => options.split(',').includes(one)),
      )
      return mount?.[1] === undefined ? [] : [join(mount[1], path)]
    })
}
