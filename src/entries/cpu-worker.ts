/** Keeps one processor busy to a share until its time is over: `cpu-worker SHARE MS`. Measures what it achieves and adjusts. */
const [share = 0, lasts = 0] = process.argv.slice(2).map(Number)
const slice = 50
const end = performance.now() + lasts
let busy = share * slice
let measuredAt = performance.now()
let usedAt = process.cpuUsage()

function cycle(): void {
  const start = performance.now()
  if (start >= end) return
  while (performance.now() - start < busy);
  adjust()
  setTimeout(cycle, Math.max(0, slice - (performance.now() - start)))
}

/** Once a second: as much more or less work in each slice as the achieved share was off. */
function adjust(): void {
  const now = performance.now()
  if (now - measuredAt < 1000) return
  const used = process.cpuUsage(usedAt)
  const achieved = (used.user + used.system) / 1000 / (now - measuredAt)
  busy = Math.min(slice, Math.max(0.5, busy + 0.5 * (share - achieved) * slice))
  measuredAt = now
  usedAt = process.cpuUsage()
}

cycle()
