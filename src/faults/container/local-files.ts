/** The files of a container of this machine, by way of its first process. Its owner may hold links in our way: none is followed out of it. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SquallError } from '../../errors.ts'
import { bootId, readStat } from '../../system/proc.ts'
import { type ContainerPlace, inspectRunning } from './inspect.ts'

/** A container's first process: names its namespaces and its files for as long as it lives. */
export type FirstProcess = { pid: number; start: number; boot: string }

/** @throws SquallError `no-target`; `fault-not-available` when the engine is on another machine; `no-permission` when we are not root */
export async function firstProcess(place: ContainerPlace, what: string): Promise<FirstProcess> {
  if (place.firstPid !== undefined) return toldProcess(place.firstPid)
  const { State } = await inspectRunning(place)
  const stat = readStat(State.Pid)
  if (!place.engine.url.startsWith('unix:') || !stat || !belongsTo(State.Pid, place.id))
    throw new SquallError(
      'fault-not-available',
      `${what} at the container ${place.name} acts on this machine, and its engine (${place.engine.url}) is elsewhere`,
      {
        hint: 'Run Squall on the machine where the container runs; for network, partition, cpu and memory squall helper-image makes the image that does it there.',
      },
    )
  try {
    lstatSync(`/proc/${State.Pid}/root/`)
  } catch {
    throw new SquallError('no-permission', `${what} at the container ${place.name} reaches into it, which this user may not`, {
      hint: 'Run Squall as root; for network, partition, cpu and memory squall helper-image makes the image that does it without.',
    })
  }
  return { pid: stat.pid, start: stat.start, boot: bootId() }
}

/** As the engine has told whoever started us: in a helper container, which sees its machine's processes but no engine. */
function toldProcess(pid: number): FirstProcess {
  const stat = readStat(pid)
  if (!stat) throw new SquallError('no-target', `the first process of the container, ${pid}, has ended`)
  return { pid: stat.pid, start: stat.start, boot: bootId() }
}

/** An engine in a virtual machine tells pids that are somebody else's here. */
function belongsTo(pid: number, id: string): boolean {
  return ['cgroup', 'mountinfo'].some((file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(id)
    } catch {
      return false
    }
  })
}

/** What the path means inside, links included, as a path outside. @throws SquallError `no-target` */
export function pathInside({ pid }: Pick<FirstProcess, 'pid'>, path: string): string {
  const root = `/proc/${pid}/root`
  const todo = path.split('/').filter(Boolean)
  let at = '/'
  for (let links = 0; todo.length > 0; ) {
    const next = resolve(at, todo.shift() as string)
    const stat = lstatSync(join(root, next), { throwIfNoEntry: false })
    if (!stat) throw new SquallError('no-target', `${next} is not there in the container`)
    if (!stat.isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > 40) throw new SquallError('no-target', `${path} is a loop of links in the container`)
    todo.unshift(
      ...resolve(dirname(next), readlinkSync(join(root, next)))
        .split('/')
        .filter(Boolean),
    )
    at = '/'
  }
  return join(root, at)
}

/** Ids of everything that is mounted in there. */
export function mountsOf({ pid }: Pick<FirstProcess, 'pid'>): number[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'latin1')
    .split('\n')
    .filter(Boolean)
    .map((line) => Number.parseInt(line, 10))
}
