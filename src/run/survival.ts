/** What survives what: who puts a change back when which process is gone (`safety.md` rule 14). */
import type { Target } from '../faults/injector.ts'
import type { ChangeSummary } from '../guardian/protocol.ts'

export interface Survival {
  runnerKilled: string
  guardianKilled: string
  bothKilled: string
  containerKilled: string
  rebooted: string
}

/** At these places a change is in the memory of a kernel or a process that a reboot ends. */
const inMemory: ReadonlySet<string> = new Set(['process', 'host'])
/** These are so wherever they act: a file without a name, a program of ours. */
const vanishing: ReadonlySet<string> = new Set(['disk', 'dns'])

/** What a user's own fault does is not known, nor whether an engine or a server that holds a change is on this machine. */
export function survivalOf(change: Pick<ChangeSummary, 'undoes' | 'expires' | 'type'>, place: Target['place']): Survival {
  if (change.undoes === '') {
    const nothing = 'nothing to undo'
    return { runnerKilled: nothing, guardianKilled: nothing, bothKilled: nothing, containerKilled: nothing, rebooted: nothing }
  }
  const atOnce = change.expires?.startsWith('at once') === true
  // A proxy of ours goes with the machine; a Toxiproxy server, whose toxics have no end of their own, may be on another.
  const gone = place === 'proxy' ? change.expires !== undefined : inMemory.has(place) || vanishing.has(change.type)
  return {
    runnerKilled: 'by the guardian at once',
    guardianKilled: atOnce ? 'by itself at once' : 'by a sweep of the runner at once',
    bothKilled: atOnce ? 'by itself at once' : "by the guardian's standby at once",
    containerKilled: change.expires ? `by itself ${change.expires}` : 'at the next squall command',
    rebooted: gone ? 'by the reboot' : 'at the next squall command',
  }
}

/** The worst line, for the start of a run. */
export function weakest(changes: readonly Pick<ChangeSummary, 'key' | 'undoes' | 'expires' | 'type'>[]): string {
  const real = changes.filter((change) => change.undoes !== '')
  const needy = real.filter((change) => !change.expires)
  if (real.length === 0) return 'no fault leaves anything to undo'
  if (needy.length === 0) return 'even if all of Squall is killed, every fault ends by itself'
  return `if all of Squall is killed at once (runner, guardian and its standby), ${needy.map((change) => change.key).join(', ')} ${needy.length === 1 ? 'stays' : 'stay'} until the next squall command`
}
