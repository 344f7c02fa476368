/** How much room a file system has, and which of it is never taken. */
import { statfs } from 'node:fs/promises'
import type { Amount } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'

export interface Room {
  /** Bytes. */
  total: number
  /** Bytes that a user without privileges can still write: what `df` calls available. */
  free: number
  /** Bytes of one block. */
  block: number
  /** The kernel's number of the kind of file system. */
  kind: number
  /** Number of files it can hold; with the size it tells file systems apart. */
  files: number
}

const mega = 1024 ** 2
const most = 64 * mega

export async function roomAt(path: string): Promise<Room> {
  const { bsize, blocks, bavail, type, files } = await statfs(path)
  return { total: blocks * bsize, free: bavail * bsize, block: bsize, kind: type, files }
}

/** What is never taken, whatever the document asks for: 1 %, and no more than 64 MiB. Bytes. */
export function reserveOf({ total }: Pick<Room, 'total'>): number {
  return Math.min(most, Math.ceil(total / 100))
}

/** Bytes that are to stay free. @throws SquallError `target-protected` when that is less than the reserve */
export function leftBy(leave: Amount | undefined, room: Room, path: string): number {
  const reserve = reserveOf(room)
  if (!leave) return reserve
  const left = Math.ceil('bytes' in leave ? leave.bytes : leave.share * room.total)
  if (left >= reserve) return left
  throw new SquallError('target-protected', `${inWords(left)} left at ${path} is less than the reserve of ${inWords(reserve)}`, {
    hint: `Write leave: ${Math.ceil(reserve / mega)}MiB or more: the last 1 % (at most 64 MiB) is never taken, so that whoever has to clean up can.`,
  })
}

export function inWords(bytes: number): string {
  if (Math.abs(bytes) >= 1024 * mega) return `${(bytes / 1024 / mega).toFixed(2)} GiB`
  return Math.abs(bytes) >= mega ? `${(bytes / mega).toFixed(1)} MiB` : `${Math.round(bytes / 1024)} KiB`
}
