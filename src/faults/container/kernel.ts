/** What the kernel itself says about a container of this machine: the engine only knows what it has asked for. */
import { readFileSync } from 'node:fs'
import type { Inspected } from './inspect.ts'

/** A controller of cgroup version 1 with its file, and the file of version 2. */
export interface KernelFile {
  controller: string
  v1: string
  v2: string
}

/** The file's text; null where the container is on another machine, does not run, or the file is not ours to read. */
export function kernelFile({ Id, State }: Pick<Inspected, 'Id' | 'State'>, { controller, v1, v2 }: KernelFile): string | null {
  if (!State.Pid) return null
  try {
    for (const line of readFileSync(`/proc/${State.Pid}/cgroup`, 'latin1').split('\n')) {
      const [number, controllers = '', path = ''] = line.split(':')
      // The pid of an engine on another machine may be anybody here: the path of the cgroup has the container's id.
      if (!path.includes(Id)) continue
      if (controllers.split(',').includes(controller)) return read(`/sys/fs/cgroup/${controller}${path}/${v1}`)
      if (number === '0') {
        const text = read(`/sys/fs/cgroup${path}/${v2}`)
        if (text !== null) return text
      }
    }
  } catch {
    // It has just ended.
  }
  return null
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return null
  }
}
