/** Keeps a disk busy: `io-worker TASK MS`. Writes a file without a name over and over, and waits each time until it is on the disk. */
import { randomFillSync } from 'node:crypto'
import { fdatasync, write } from 'node:fs'
import { promisify } from 'node:util'
import { mustBeOn, openNameless } from '../faults/disk/filling.ts'
import type { IoTask } from '../faults/host/io.ts'
import { endProcess } from '../system/exit.ts'
import { aliveSame } from '../system/proc.ts'

const [task, lasts] = process.argv.slice(2)
const { dir, name, size, mounts, owner } = JSON.parse(task as string) as IoTask
setTimeout(() => endProcess(0), Number(lasts))
if (owner) setInterval(() => aliveSame(owner.pid, owner.start) ?? endProcess(0), 50)
process.stdout.on('error', () => {}) // Whoever started it may be gone.

const block = Buffer.alloc(Math.min(size, 1024 ** 2))
randomFillSync(block)
const [writing, syncing] = [promisify(write), promisify(fdatasync)]
try {
  const file = openNameless({ dir, name })
  mustBeOn(mounts, file)
  process.stdout.write('ready\n')
  for (let at = 0; ; at = at + 2 * block.length > size ? 0 : at + block.length) {
    block.writeUInt32LE((block.readUInt32LE() + 1) >>> 0)
    await writing(file, block, 0, block.length, at)
    await syncing(file)
  }
} catch (error) {
  process.stderr.write((error as Error).message, () => endProcess(1))
}
