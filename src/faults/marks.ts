/** Finding what a fault started, by the mark in its environment (`safety.md` rule 3). */
import { SquallError } from '../errors.ts'
import { monotonicMs, sleep } from '../system/clock.ts'
import { aliveSame, listPids, type ProcessStat, readEnvironment, readStat } from '../system/proc.ts'

/** ms after which killing gives up: only a process stuck in the kernel (state D) takes that long. */
const killLimit = 10_000

/**
 * The living processes whose `SQUALL_MARK` is `mark` or lies below it (`run/fault` finds `run/fault/inject`, never `run/fault~2`).
 * Zombies are dead; the caller itself is left out.
 */
export function findByMark(mark: string): ProcessStat[] {
  const found: ProcessStat[] = []
  for (const pid of listPids()) {
    if (pid === process.pid) continue
    const carried = readEnvironment(pid)?.get('SQUALL_MARK')
    if (carried !== mark && !carried?.startsWith(`${mark}/`)) continue
    const stat = readStat(pid)
    if (stat && aliveSame(pid, stat.start)) found.push(stat)
  }
  return found
}

/**
 * Kills what `findByMark` finds, waits until it is gone, and looks again until nothing is found: a marked process may have forked.
 * @returns the pids that were killed.
 * @throws SquallError `fault-failed` when some are still there after 10 s.
 */
export async function killByMark(mark: string): Promise<number[]> {
  const killed = new Set<number>()
  const end = monotonicMs() + killLimit
  for (;;) {
    const found = findByMark(mark)
    if (found.length === 0) return [...killed]
    if (monotonicMs() > end) {
      throw new SquallError('fault-failed', `${describe(found)} with the mark ${mark} cannot be killed`)
    }
    for (const { pid, start } of found) {
      if (!aliveSame(pid, start)) continue
      process.kill(pid, 'SIGKILL')
      killed.add(pid)
    }
    for (let pause = 1; pause <= 16 && found.some(({ pid, start }) => aliveSame(pid, start)); pause *= 2) await sleep(pause)
  }
}

function describe(found: readonly ProcessStat[]): string {
  return found.map(({ pid, comm, state }) => `${comm} (pid ${pid}, state ${state})`).join(', ')
}
