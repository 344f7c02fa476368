/** The fault `disk`, wherever its folder is: what is planned, done, undone and seen. */
import { createHash } from 'node:crypto'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { freemem } from 'node:os'
import { SquallError } from '../../errors.ts'
import { machineDirs, stateDir } from '../../system/paths.ts'
import type { Change, Context, Injector } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'
import type { FillTask } from './filling.ts'
import { inWords, leftBy, reserveOf, roomAt } from './room.ts'
import { sharesRoom } from './same-disk.ts'
import type { DiskSpec } from './spec.ts'

/** Where the folder is. */
export type Folder = {
  /** As this machine reaches it. */
  dir: string
  /** As people know it. */
  shown: string
  /** A container's: the ids of its mounts, and its first process. */
  mounts: number[] | null
  owner: { pid: number; start: number; boot: string } | null
}

export type DiskState = Folder & { name: string; leave: number; most: number | null; expiresAt: number }

const tmpfs = 0x01021994
const ramfs = 0x858458f6

/** @throws SquallError `no-target`, `target-protected` */
export async function planDisk(folder: Folder, { leave, fill }: DiskSpec, context: Context<DiskState>): Promise<Change<DiskState>> {
  const { dir, shown } = folder
  if (!isFolder(dir)) throw new SquallError('no-target', `${shown} is not a folder`)
  await mustNotBeOurs(dir, shown)
  const room = await roomAt(dir)
  const left = leftBy(leave, room, shown)
  const takes = fill ?? room.free - left
  if (takes <= 0) throw new SquallError('no-target', `only ${inWords(room.free)} are free at ${shown}: there is nothing to take`)
  if (room.free - takes < left)
    throw new SquallError(
      'target-protected',
      `${inWords(takes)} cannot be taken at ${shown}: ${inWords(room.free)} are free, and ${inWords(reserveOf(room))} are never taken`,
      { hint: `Write fill: ${Math.floor((room.free - left) / 1024 ** 2)}MiB or less, or say with leave how much is to stay.` },
    )
  // There a full disk is full memory, and that is another fault.
  if (room.kind === ramfs || (room.kind === tmpfs && takes > freemem() - 512 * 1024 ** 2))
    throw new SquallError('target-protected', `${shown} lies in memory, and filling it would leave this machine too little`, {
      hint: 'Choose a folder on a disk, or give the file system in memory a smaller size.',
    })
  const name = `.squall-${createHash('sha256').update(context.mark).digest('hex').slice(0, 16)}`
  const expiresAt = context.deadline.getTime()
  return {
    state: { ...folder, name, leave: left, most: fill ?? null, expiresAt },
    does: `take ${inWords(takes)} at ${shown}, so that ${inWords(room.free - takes)} stay free`,
    undoes: 'end the process that holds the file: the file has no name and goes with it',
    steps: [{ does: `fallocate --length ${takes} ${shown} (a file without a name)`, undoes: 'kill -KILL its holder' }],
    lock: `disk:${statSync(dir).dev}`,
    expires: expiresIn(expiresAt),
    hits: [`everything else that writes to the file system of ${shown}`],
  }
}

/** What a rollback needs must not run out of room. */
async function mustNotBeOurs(dir: string, shown: string): Promise<void> {
  for (const ours of [stateDir(), ...machineDirs()]) {
    if (!(await sharesRoom(dir, ours))) continue
    throw new SquallError('target-protected', `${shown} is on the file system that holds Squall's own state (${ours})`, {
      hint: 'Give what you examine a file system of its own, e.g. a volume; or keep the state on another one with SQUALL_STATE_DIR.',
    })
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** The part of the injector that is the same everywhere. */
export const taking: Pick<Injector<DiskSpec, DiskState>, 'patience' | 'inject' | 'rollback' | 'look'> = {
  patience: { inject: '120s' },
  async inject({ dir, name, leave, most, mounts, owner, expiresAt }, context) {
    if (stressorsOf(context.mark).length > 0) return
    const task: FillTask = { dir, name, leave, most, mounts, ...(owner && { owner }) }
    await startStressor({ entry: 'disk-filler', task, expiresAt, context })
  },
  async rollback(_state, context) {
    await endStressors(context.mark)
  },
  async look({ dir, shown }, context) {
    const holders = stressorsOf(context.mark)
    const alive = holders.length > 0
    const taken = Math.max(0, ...holders.map((pid) => namelessBytes(pid)))
    const free = await roomAt(dir).then(
      (room) => `${inWords(room.free)} are free at ${shown}`,
      () => `${shown} is gone`,
    )
    if (!alive) return { active: false, seen: `no file of ours; ${free}`, ...howEnded(context.mark) }
    return { active: true, seen: `${inWords(taken)} are taken, ${free}` }
  },
}

/** Bytes that the process holds in files without a name. */
function namelessBytes(pid: number): number {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).reduce((sum, fd) => {
      const path = `${folder}/${fd}`
      if (!readlinkSync(path).endsWith(' (deleted)')) return sum
      const stat = statSync(path)
      return stat.isFile() ? sum + stat.blocks * 512 : sum
    }, 0)
  } catch {
    return 0 // It has just ended.
  }
}
