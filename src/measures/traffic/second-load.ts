/** A load beside the measured one: open-loop, capped, and counted in a file without a name that whoever looks at the process can read. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monotonicMs } from '../../system/clock.ts'
import { version } from '../../system/version.ts'
import { type Generator, startGenerator } from './generator.ts'
import { type LoadStatus, type LoadTask, statusPrefix } from './load-task.ts'
import { warmUp } from './warm.ts'

/** Starts it; resolves when the first request is planned, with what moves its rate. Ends with the process. */
export async function runSecondLoad(task: LoadTask): Promise<(rate: number) => void> {
  const fd = openNameless()
  const status: LoadStatus = { sent: 0, ok: 0, bad: 0, timeout: 0, notSent: 0, rate: 0, reason: '' }
  const reasons = new Map<string, number>()
  await warmUp()
  const { url, address, method, headers, body, rate, timeout, most, maxOpen, runId, seed } = task
  const start = monotonicMs()
  const generator: Generator = startGenerator({
    traffic: { rate, timeout, ok: { status: ['2xx', '3xx'] }, requests: [{ name: 'load', url, method, headers, body, weight: 1 }] },
    runClock: () => monotonicMs() - start,
    ...{ runId, version, seed, maxOpen, most, address },
    onSecond(second) {
      const sent = second.planned - second.notSent
      status.sent += sent
      status.ok += second.ok
      status.bad += second.error
      status.timeout += second.timeout
      status.notSent += second.notSent
      status.rate = sent
      for (const [reason, count] of Object.entries(second.reasons)) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
      status.reason = [...reasons].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? ''
      write(fd, status)
    },
    onTick: () => {},
    onAcknowledged: () => {},
    onOpen: () => {},
  })
  write(fd, status)
  return (wanted) => generator.setRate(wanted)
}

/** Nothing of it is left when the process ends, however it ends. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), statusPrefix))
  const fd = openSync(join(folder, 'status'), 'wx+', 0o600)
  rmSync(folder, { recursive: true })
  process.once('exit', () => closeSync(fd))
  return fd
}

function write(fd: number, status: LoadStatus): void {
  const text = JSON.stringify(status).padEnd(512)
  writeSync(fd, text, 0)
  ftruncateSync(fd, text.length)
}
