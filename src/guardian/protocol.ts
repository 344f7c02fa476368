/** What runner and guardian say to each other: one JSON object a line over the guardian's stdin and stdout. */
import type { Fault, ProxySpec, Ramp, SourceSpec } from '../document/experiment.ts'
import type { Policy } from '../document/project.ts'
import type { Look } from '../faults/injector.ts'
import type { ChangeState } from '../records/run-data.ts'

/** A process, named so that a later one with the same pid is not mistaken for it. */
export interface ProcessId {
  pid: number
  /** Clock ticks since boot, from /proc/PID/stat. */
  start: number
}

/** The first line the guardian reads: everything it will ever need. */
export interface ArmRequest {
  say: 'arm'
  run: string
  experiment: string
  documentHash: string
  /** Folder of the document: relative paths of the user's are resolved against it. */
  folder: string
  state: string
  environment: string
  seed: number
  /** Plans and watches as always, and injects nothing, whatever it is asked. */
  placebo?: true
  faults: Fault[]
  /** All that the document declares: ours and those of a Toxiproxy server. */
  proxies: ProxySpec[]
  /** Those that are the target of a fault; absent: none is. */
  sources?: SourceSpec[]
  /** ms each fault is planned to last, by fault name. */
  lasts: Record<string, number>
  /** ms of silence of the runner after which it counts as lost. */
  heartbeatLost: number
  /** ms from now after which everything is rolled back, whatever happens. */
  maxDuration: number
  runner: ProcessId
  /** What the environment allows; the guardian sees to what only targets and changes tell. */
  policy: Policy
  /** Values of the secrets the faults name; kept in memory only. */
  secrets: Record<string, string>
  /** Where a later sweep finds them, beside its environment. */
  secretsFile?: string
}

export type ToGuardian =
  | ArmRequest
  | { say: 'beat'; n: number }
  /** Once more, for a fault that begins again, when its changes have come to their end. */
  | { say: 'inject'; fault: string }
  | { say: 'rollback'; faults?: string[]; why: string }
  /** The run is over: end once everything is settled. */
  | { say: 'close' }

/** One change as the runner shows and records it. */
export interface ChangeSummary {
  key: string
  fault: string
  type: string
  target: string
  does: string
  undoes: string
  expires?: string
  /** How its dials move while it acts. */
  ramp?: Ramp
}

/** A proxy of ours in the hands of a run. */
export interface RunProxy {
  name: string
  listen: string
  upstream: string
  pid: number
  /** It was there before the run. */
  adopted: boolean
}

export interface Refusal {
  code: string
  message: string
  hint: string
}

export type FromGuardian =
  | { say: 'armed'; guardian: ProcessId; changes: ChangeSummary[]; proxies: RunProxy[] }
  | { say: 'refused'; error: Refusal }
  | { say: 'beat'; n: number }
  /** The targets were resolved again right before injecting and some differ from the preview. */
  | { say: 'replanned'; fault: string; changes: ChangeSummary[]; planned: number }
  | { say: 'change'; key: string; state: ChangeState; why?: string }
  /** `asked`: what the dials were told to show while this was seen. */
  | { say: 'look'; key: string; look: Look | null; why?: string; asked?: Record<string, number> }
  /** A dial could not be moved, again and again. */
  | { say: 'not adjusted'; key: string; why: string }
  /** `again`: what listens in its place, without faults; null: nothing does so far. */
  | { say: 'proxy died'; dead: RunProxy; again: RunProxy | null; why: string }
  | { say: 'injected'; fault: string }
  | { say: 'failed'; fault: string; error: Refusal }
  /** The guardian rolls everything back by itself, and why. */
  | { say: 'rolling back'; why: string; by: 'halt' | 'slept' | 'deadline' | 'broken' | 'asked' | 'operator' }
  /** Every change has reached an end. */
  | { say: 'settled' }
  | { say: 'closed' }

/** Ends from which nothing more is to be done by this guardian. `stuck` is not one: it is still trying. */
export const endStates: ReadonlySet<ChangeState> = new Set([
  'verified',
  'nothing to undo',
  'changed by others',
  'handed over',
  'unverified',
])

/** Ends a later sweep has to look at again. */
export const unsettledStates: ReadonlySet<ChangeState> = new Set(['planned', 'injecting', 'active', 'undoing', 'unverified', 'stuck'])

/** Change keys: the fault's name, and `~2`, `~3` … behind it for its further targets. */
export function changeKey(fault: string, index: number): string {
  return index === 0 ? fault : `${fault}~${index + 1}`
}
