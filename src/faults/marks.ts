/** Finding what a run has started by the mark in its environment, whoever is its parent by now. */
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
 * SIGKILLs every process with the mark and waits until none is left; a process may have forked meanwhile, so it looks again.
 * @throws when some survive for 5 s (in uninterruptible sleep)
 */
export async function killByMark(mark: string): Promise<number[]> {
  const killed = new Set<number>()
  for (let waited = 0; waited <= 5_000; waited += 10) {
    const left = findByMark(mark)
    if (left.length === 0) return [...killed]
    for (const { pid } of left) {
      killed.add(pid)
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    await sleep(10)
  }
  throw new Error(
    `${mark}: processes ${findByMark(mark)
      .map(({ pid }) => pid)
      .join(', ')} do not end`,
  )
}
