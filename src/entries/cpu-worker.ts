/**
 * Keeps one processor busy to a share until its time is over: `cpu-worker SHARE MS [PID START]`; with the process PID, that started at START,
 * it ends too, since a container cannot go while anybody is in its cgroup. A line on its standard input is a new share; the end of
 * the input means nothing. Measures what it achieves in each slice and makes up for it in the next.
 */
import { aliveSame } from '../system/proc.ts'

const [first = 0, lasts = 0, owner, ownerStart = 0] = process.argv.slice(2).map(Number)
const slice = 50
const end = performance.now() + lasts
let share = first

let unread = ''
process.stdin.on('data', (chunk: Buffer) => {
  const lines = (unread + chunk.toString()).split('\n')
  unread = lines.pop() ?? ''
  const newest = Number(lines.at(-1) ?? Number.NaN)
  if (Number.isFinite(newest)) share = Math.min(1, Math.max(0, newest))
})
process.stdin.on('error', () => {}) // Whoever wrote there is gone: the share stays.
process.stdin.unref?.() // It must not outlive its time because somebody might still write; a file has no unref.

let cycleAt = performance.now()
let usedAt = process.cpuUsage()
/** ms of work that are due. What others have taken is made up for within two slices, else it is lost: no load beyond what was asked. */
let due = share * slice

function cycle(): void {
  const start = performance.now()
  if (start >= end || (owner !== undefined && !aliveSame(owner, ownerStart))) return
  const used = process.cpuUsage(usedAt)
  usedAt = process.cpuUsage()
  due = Math.min(2 * slice, Math.max(-slice, due + share * (start - cycleAt) - (used.user + used.system) / 1000))
  cycleAt = start
  const busy = Math.min(slice, due)
  while (performance.now() - start < busy);
  setTimeout(cycle, Math.max(0, slice - (performance.now() - start)))
}

cycle()
