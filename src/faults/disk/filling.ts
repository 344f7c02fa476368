/** Making a file that takes the room: in the process whose life it shares. */
import { randomFillSync } from 'node:crypto'
import { constants, fdatasync, ftruncateSync, openSync, readFileSync, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startChild } from '../../system/children.ts'
import { inWords, roomAt } from './room.ts'

export interface FillTask {
  dir: string
  /** For file systems that have no files without a name: it is there for an instant, empty. */
  name: string
  /** Bytes that stay free. */
  leave: number
  /** Bytes to take at most; null: all but `leave`. */
  most: number | null
  /** When the folder is somebody's who may have exchanged it: the ids of the mounts it may be on. */
  mounts: readonly number[] | null
  /** Its end is ours too. */
  owner?: { pid: number; start: number }
}

/** O_TMPFILE of Linux without O_DIRECTORY, whose number differs between processors. */
const withoutName = 0o20000000 | constants.O_DIRECTORY
const step = 1024 ** 3

const writing = promisify(write)
const syncing = promisify(fdatasync)

/**
 * Returns the bytes taken, and the descriptor that holds them: a number, since a FileHandle that nobody uses is closed by the garbage collector.
 * Others write meanwhile, so it looks again after each step and gives back what was too much.
 */
export async function fillDisk(task: FillTask): Promise<{ bytes: number; fd: number }> {
  const file = openNameless(task)
  mustBeOn(task.mounts, file)
  const { block } = await roomAt(task.dir)
  const grow = await growing(file)
  let have = 0
  for (let round = 0, chunk = step; round < 10_000; round++) {
    const { free } = await roomAt(task.dir)
    const wanted = task.most === null ? free - task.leave : Math.min(free - task.leave, task.most - have)
    const more = Math.floor(wanted / block) * block
    if (free < task.leave && have > 0) {
      have = Math.max(0, have + more)
      ftruncateSync(file, have)
      if (round > 5_000) break // Others write as fast as we give back.
    } else if (more < block) break
    else if (await grow(have, Math.min(chunk, more))) have += Math.min(chunk, more)
    // What the kernel keeps for itself, or a quota, is in the way: come nearer in smaller steps.
    else if (chunk > block) chunk = Math.max(block, Math.floor(Math.min(chunk, more) / 4 / block) * block)
    else break
  }
  await syncing(file)
  const { free } = await roomAt(task.dir)
  const missing = task.most === null ? free - task.leave : task.most - have
  if (missing > Math.max(1024 ** 2, 64 * block))
    throw new Error(
      `only ${inWords(have)} could be taken at ${task.dir}, ${inWords(missing)} less than asked: a quota, or others write too`,
    )
  return { bytes: have, fd: file }
}

export function openNameless({ dir, name }: Pick<FillTask, 'dir' | 'name'>): number {
  try {
    return openSync(dir, withoutName | constants.O_RDWR, 0o600)
  } catch (error) {
    // EISDIR: from before O_TMPFILE; the others: a file system without it.
    if (!['EOPNOTSUPP', 'EISDIR', 'EINVAL', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  const path = join(dir, name)
  const file = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_RDWR, 0o600)
  unlinkSync(path)
  return file
}

/** Whoever owns the folder may put a link in its place between our look and our opening: what counts is where the file really is. */
export function mustBeOn(mounts: readonly number[] | null, file: number): void {
  if (!mounts) return
  const id = Number(/^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1])
  if (!mounts.includes(id)) throw new Error('the folder leads out of its container')
}

type Grow = (from: number, bytes: number) => Promise<boolean>

/** By fallocate where the file system can, else by writing. False: there is no room for that much. */
async function growing(file: number): Promise<Grow> {
  const { block } = await roomAt(`/proc/self/fd/${file}`)
  if ((await fallocate(file, 0, block)) !== 'unable') return async (from, bytes) => (await fallocate(file, from, bytes)) === 'done'
  return (from, bytes) => fillWithNoise(file, from, bytes)
}

async function fallocate(file: number, from: number, bytes: number): Promise<'done' | 'full' | 'unable'> {
  const child = startChild({
    argv: ['fallocate', '--offset', String(from), '--length', String(bytes), '/proc/self/fd/3'],
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    dieWithParent: true,
    // It holds the file too: who looks for us finds it.
    ...(process.env.SQUALL_MARK && { mark: process.env.SQUALL_MARK }),
    stdio: ['ignore', 'ignore', 'pipe', file],
  })
  let said = ''
  child.process?.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const { code, failed } = await child.exited
  if (code === 0) return 'done'
  await new Promise((resolve) => setTimeout(resolve, 10)) // Its words arrive a moment after its end.
  return failed || code === 127 || /not supported|not found|Invalid/i.test(said) ? 'unable' : 'full'
}

/** Noise, which no file system can make smaller. */
async function fillWithNoise(file: number, from: number, bytes: number): Promise<boolean> {
  const noise = Buffer.alloc(Math.min(bytes, 1024 ** 2))
  try {
    for (let done = 0; done < bytes; ) {
      randomFillSync(noise, 0, Math.min(64, noise.length))
      if (done === 0) randomFillSync(noise)
      const { bytesWritten } = await writing(file, noise, 0, Math.min(noise.length, bytes - done), from + done)
      done += bytesWritten
      if (done % (64 * 1024 ** 2) < noise.length) await syncing(file)
    }
    await syncing(file)
    return true
  } catch (error) {
    ftruncateSync(file, from)
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
