/** What survives what: who puts a change back when which process is gone (`safety.md` rule 14). */
import type { ChangeSummary } from '../guardian/protocol.ts'

export interface Survival {
  runnerKilled: string
  guardianKilled: string
  bothKilled: string
  containerKilled: string
  rebooted: string
}

/** Nothing that was done by signals or processes survives a reboot; what a user's own fault does is not known. */
export function survivalOf(change: Pick<ChangeSummary, 'undoes' | 'expires' | 'type'>): Survival {
  if (change.undoes === '') {
    const nothing = 'nothing to undo'
    return { runnerKilled: nothing, guardianKilled: nothing, bothKilled: nothing, containerKilled: nothing, rebooted: nothing }
  }
  const alone = change.expires ? `by itself ${change.expires}` : 'at the next squall command'
  const own = change.type === 'command' || change.type.includes('/')
  // A Toxiproxy server keeps its toxics, and may be on another machine. What is put into a proxy of ours has an end of its own.
  const elsewhere = !change.expires && (change.type === 'network' || change.type === 'partition')
  return {
    runnerKilled: 'by the guardian at once',
    guardianKilled: change.expires?.startsWith('at once') ? 'by itself at once' : 'by a sweep of the runner at once',
    bothKilled: alone,
    containerKilled: alone,
    rebooted: own || elsewhere ? 'at the next squall command' : 'by the reboot',
  }
}

/** The worst line, for the start of a run. */
export function weakest(changes: readonly Pick<ChangeSummary, 'key' | 'undoes' | 'expires' | 'type'>[]): string {
  const real = changes.filter((change) => change.undoes !== '')
  const needy = real.filter((change) => !change.expires)
  if (real.length === 0) return 'no fault leaves anything to undo'
  if (needy.length === 0) return 'even if runner and guardian are both killed, every fault ends by itself'
  return `if runner and guardian are both killed, ${needy.map((change) => change.key).join(', ')} ${needy.length === 1 ? 'stays' : 'stay'} until the next squall command`
}
