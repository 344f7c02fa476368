/**
 * Takes room with a file that has no name: `disk-filler TASK MS`. As long as this process lives the file does, and no longer, so nothing has to
 * be deleted by anybody. Says `ready` once the room is taken.
 */
import { type FillTask, fillDisk } from '../faults/disk/filling.ts'
import { endProcess } from '../system/exit.ts'
import { aliveSame } from '../system/proc.ts'

const [task, lasts] = process.argv.slice(2)
const { dir, name, leave, most, mounts, owner } = JSON.parse(task as string) as FillTask
setTimeout(() => endProcess(0), Number(lasts))
if (owner) setInterval(() => aliveSame(owner.pid, owner.start) ?? endProcess(0), 200)

try {
  const { bytes } = await fillDisk({ dir, name, leave, most, mounts })
  process.stdout.on('error', () => {}) // Whoever started it may be gone.
  process.stdout.write(`ready ${bytes}\n`)
} catch (error) {
  process.stderr.write((error as Error).message, () => endProcess(1))
}
