/** `pause-timer PID START MS`: continues that very process after MS if it is still stopped then. Outlives everybody else of Squall. */
import { bootMs, sleep } from '../system/clock.ts'
import { aliveSame } from '../system/proc.ts'

const [pid = 0, start = 0, delay = 0] = process.argv.slice(2).map(Number)
const deadline = bootMs() + delay
process.stdout.on('error', () => {}) // Who listened has gone once it knew that we are ready.
process.stdout.write('ready\n')
// In steps: a machine that slept counts the time it slept, and a target that has ended needs nobody to wait for it.
while (bootMs() < deadline && aliveSame(pid, start)) await sleep(Math.min(1000, Math.max(1, deadline - bootMs())))
if (aliveSame(pid, start)?.state === 'T') process.kill(pid, 'SIGCONT')
