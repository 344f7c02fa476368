/** Continues a paused process when its time is over, even if everybody else is dead: `pause-timer PID START MS`. */
import { aliveSame } from '../system/proc.ts'

const [pid = 0, start = 0, ms = 0] = process.argv.slice(2).map(Number)
process.stdout.on('error', () => {}) // The guardian that waited for "ready" may be dead by now.
setTimeout(() => {
  if (aliveSame(pid, start)?.state === 'T') process.kill(pid, 'SIGCONT')
}, ms)
process.stdout.write('ready\n')
