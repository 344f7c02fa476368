/** The phases of a run, one after the other. */
import type { Experiment, Phase } from '../document/experiment.ts'
import type { PhaseWindow, RunData } from '../records/run-data.ts'
import type { RunWriter } from '../records/run-file.ts'
import { sleep } from '../system/clock.ts'
import type { Guard } from '../verdict/guard.ts'
import type { Precision } from '../verdict/verdict.ts'
import type { Guarded } from './arm.ts'
import type { TellNews } from './events.ts'
import { faultPhase } from './fault-phase.ts'
import type { Measuring } from './measuring.ts'
import type { Stopper } from './stopper.ts'

export interface PhasesInput {
  experiment: Experiment
  /** The phases pass as always, and nothing is injected. */
  placebo: boolean
  stopper: Stopper
  guarded: Guarded
  guard: Guard
  measuring: Measuring
  /** ms since the run's start. */
  at(): number
  /** Filled as the run goes on. */
  phases: PhaseWindow[]
  writer: RunWriter
  tell: TellNews
  note(level: 'info' | 'warn' | 'error', text: string): void
  /** Question 1, asked before anything is injected: null when the system is steady, else why not. */
  steady(): string | null
  /** Proxies of faults through which nothing has passed since the run began, a sentence each: what acts there would change nothing. */
  unused(): Promise<string[]>
  /** What the run will be able to say, by its own baseline. */
  precision(): Precision[]
  snapshot(): RunData
}

export async function runPhases(input: PhasesInput): Promise<void> {
  const { experiment, stopper, guarded } = input
  const phase = phaseKeeper(input)
  phase.enter('warmup', experiment.phases.warmup)
  if (await stopper.wait(experiment.phases.warmup)) return phase.leave()
  // Time enough to point the service there; what counts is asked after the baseline.
  if (experiment.phases.warmup > 0) for (const text of await input.unused()) input.note('warn', text)
  phase.enter('baseline', experiment.phases.baseline)
  if (await stopper.wait(experiment.phases.baseline)) return phase.leave()
  phase.leave()
  await input.measuring.settled(input.at(), stopper)
  const [unused] = await input.unused()
  if (unused !== undefined) return guarded.fail({ code: 'proxy-unused', message: `the fault could not act: ${unused}` })
  const unsteady = input.steady()
  if (unsteady) return input.note('warn', `nothing was injected: ${unsteady}`)
  for (const { enough, sentence } of input.precision()) if (!enough) input.note('warn', sentence)
  input.measuring.guardFrom(input.snapshot())
  const begin = (from: number): void => phase.enter('fault', experiment.phases.fault, from)
  if (!input.placebo) await faultPhase({ ...input, begin })
  else {
    begin(input.at())
    await stopper.wait(experiment.phases.fault)
  }
  phase.leave()
  input.measuring.guardUntil()
  await rollbackPhase(input, phase)
  // A guard's abort is an answer worth completing: did it come back? Everybody else wants to be gone.
  if (guarded.error() || guarded.wasLost() || (stopper.abort && stopper.abort.by !== 'guard')) return
  phase.enter('recovery', experiment.phases.recovery)
  await Promise.race([stopper.stay(experiment.phases.recovery), input.measuring.gone])
  phase.leave()
  await input.measuring.settled(input.at(), stopper)
}

interface PhaseKeeper {
  enter(phase: Phase, planned: number, from?: number): void
  leave(to?: number): void
}

function phaseKeeper({ at, phases, writer, tell }: PhasesInput): PhaseKeeper {
  let open: PhaseWindow | null = null
  const leave = (to = at()): void => {
    if (!open) return
    open.to = Math.max(open.from, to)
    writer.phase({ ...open })
    open = null
  }
  return {
    leave,
    enter(phase, planned, from = at()) {
      leave(from)
      open = { phase, from, to: Number.POSITIVE_INFINITY }
      phases.push(open)
      writer.phase({ ...open })
      tell({ is: 'phase', phase, at: from, planned })
    },
  }
}

/** From the first undo to the first look that says inactive; not judged. */
async function rollbackPhase(input: PhasesInput, phase: PhaseKeeper): Promise<void> {
  const { guarded, at } = input
  guarded.control.rollBack(undefined, 'the fault phase is over')
  const patience = at() + 120_000
  while (!guarded.control.allInactive() && !guarded.error() && !guarded.wasLost() && at() < patience) await sleep(10)
  const window = guarded.control.rollbackWindow()
  const fault = input.phases.find((one) => one.phase === 'fault')
  if (!window || !fault || window.to <= fault.to) return
  phase.enter('rollback', 0, Math.max(window.from, fault.to))
  phase.leave(window.to)
}
