/** A load as a fault: `load-generator TASK MS`. Says `ready` when it has begun, and ends at its deadline whoever is dead by then. */
import type { LoadTask } from '../measures/traffic/load-task.ts'
import { runSecondLoad } from '../measures/traffic/second-load.ts'
import { endProcess } from '../system/exit.ts'

const [task, lasts] = process.argv.slice(2)
setTimeout(() => endProcess(0), Number(lasts))
try {
  await runSecondLoad(JSON.parse(task as string) as LoadTask)
  process.stdout.on('error', () => {}) // Whoever started it may be gone.
  process.stdout.write('ready\n')
} catch (error) {
  process.stderr.write((error as Error).message, () => endProcess(1))
}
