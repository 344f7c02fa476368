/** Finding what a run has started by the mark in its environment, whoever is its parent by now. */
import { readdirSync } from 'node:fs'
import { sleep } from '../system/clock.ts'
import { aliveSame, listPids, type ProcessStat, readEnvironment, readStat } from '../system/proc.ts'

/** Living processes whose `SQUALL_MARK` is exactly this one. */
export function findByMark(mark: string): ProcessStat[] {
  return listPids().flatMap((pid) => {
    if (pid === process.pid || readEnvironment(pid)?.get('SQUALL_MARK') !== mark) return []
    const stat = readStat(pid)
    return stat && aliveSame(pid, stat.start) ? [stat] : []
  })
}

/**
 * SIGKILLs every process with the mark and waits until none is left; a process may have forked meanwhile, so it looks again. A dying one shows
 * no environment any more while it still holds its files and sockets: each that was found is waited for to its very end.
 * @throws when some survive for 5 s (in uninterruptible sleep)
 */
export async function killByMark(mark: string): Promise<number[]> {
  const killed = new Map<number, number>()
  for (let waited = 0; waited <= 5_000; waited += 10) {
    const left = findByMark(mark)
    if (left.length === 0 && [...killed].every(([pid, start]) => isOver(pid, start))) return [...killed.keys()]
    for (const { pid, start } of left) {
      killed.set(pid, start)
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    await sleep(10)
  }
  const alive = [...killed].filter(([pid, start]) => !isOver(pid, start)).map(([pid]) => pid)
  throw new Error(`${mark}: processes ${alive.join(', ')} do not end`)
}

/** All of its threads have ended: its first one may be a zombie while others still hold what they share. */
function isOver(pid: number, start: number): boolean {
  if (aliveSame(pid, start)) return false
  try {
    return readStat(pid)?.start !== start || readdirSync(`/proc/${pid}/task`).length <= 1
  } catch {
    return true
  }
}
