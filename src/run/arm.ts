/** The guardian of this run: armed before anything is measured, watched for as long as the run goes on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Experiment } from '../document/experiment.ts'
import { faultEntry } from '../document/fault-entry.ts'
import { lastsFor } from '../document/fault-times.ts'
import type { Policy } from '../document/project.ts'
import { secretsOfFault, valuesOf } from '../faults/fault-secrets.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { type GuardianClient, startGuardian } from '../guardian/client.ts'
import { foldJournal, parseJournal } from '../guardian/journal-read.ts'
import type { ArmRequest, FromGuardian, RunProxy } from '../guardian/protocol.ts'
import { sweep } from '../guardian/sweeper.ts'
import type { RunData } from '../records/run-data.ts'
import type { RunWriter } from '../records/run-file.ts'
import { monotonicMs, sleep } from '../system/clock.ts'
import { runDir } from '../system/paths.ts'
import { readStat } from '../system/proc.ts'
import type { Secrets } from '../system/secrets.ts'
import type { TellNews } from './events.ts'
import { createFaultControl, type FaultControl } from './fault-control.ts'
import type { AnySource } from './measuring.ts'
import { longestLag } from './pace.ts'
import { createProxyBook, diedSentence } from './run-proxies.ts'
import type { Stopper } from './stopper.ts'

export interface Guarded {
  control: FaultControl
  client: GuardianClient
  /** Says "still here"; called by the guard's tick itself, so that a guard that stands still is noticed. */
  beat(): void
  /** What makes the run an `error`, first one stands. */
  error(): RunData['error']
  /** We stood still for so long that the guardian rolls back without us and tells us nothing any more. */
  wasLost(): boolean
  fail(error: NonNullable<RunData['error']>): void
  /** Those of ours that listen now. */
  proxies(): RunProxy[]
  /** Closes the run with the guardian, or sweeps when it was lost. */
  end(): Promise<void>
}

interface ArmInput {
  experiment: Experiment
  hash: string
  folder: string
  seed: number
  placebo?: true
  injectors: readonly AnyInjector[]
  sources: readonly AnySource[]
  secrets: Secrets
  policy: Policy
  tell: TellNews
}

interface ArmStage {
  id: string
  state: string
  at(): number
  stopper: Stopper
  writer: RunWriter
  note(level: 'info' | 'warn' | 'error', text: string): void
}

/** ms a silent runner or guardian is waited for. */
export function heartbeatLost(experiment: Experiment, policy: Policy): number {
  return policy.heartbeatLost?.value ?? (experiment.environment === 'production' ? 5_000 : 15_000)
}

/** ms: all phases, what two rollbacks may take, the time to arm and to judge, and twice that of the slowest source to be complete. */
export function maxDuration(experiment: Experiment, sources: readonly AnySource[]): number {
  const { warmup, baseline, fault, recovery } = experiment.phases
  return warmup + baseline + fault + recovery + 180_000 + 2 * longestLag(experiment, sources)
}

export async function armGuardian(input: ArmInput, stage: ArmStage): Promise<Guarded> {
  const { experiment } = input
  const { at, stopper, writer } = stage
  const patience = heartbeatLost(experiment, input.policy)
  let failure: RunData['error']
  let closed = false
  let lost = false
  let ending = false
  /** True when the guardian rolls back without us: we were silent for too long, or the run was. */
  let wasLost = false
  const fail = (error: NonNullable<RunData['error']>): void => {
    if (failure) return
    failure = error
    stage.note('error', error.message)
  }
  let written = 0
  const proxies = createProxyBook()
  const control = createFaultControl({
    faults: experiment.faults,
    at,
    isInstant(name) {
      const fault = experiment.faults.find((one) => one.name === name)
      return fault !== undefined && faultEntry(input.injectors, fault.type, fault.target?.place)?.instant === true
    },
    onChange(change, when) {
      // Looks come each second; the record needs them all only at the end, a state at once.
      if (change.looks.at(-1)?.at !== when || ++written % 5 === 0) writer.change(structuredClone(change))
      input.tell({ is: 'change', change, at: when })
    },
    onRollingBack(why, by) {
      if (by === 'deadline') wasLost = true // It goes on without us, and closes its pipe.
      if (by === 'asked' || ending) return
      if (by === 'broken') fail({ code: 'guardian-failed', message: why })
      stopper.stop({ by: by === 'halt' || by === 'slept' || by === 'deadline' ? by : 'operator', why, breached: false, at: at() })
    },
    onProxyDied(died) {
      proxies.died(died)
      if (ending) return
      // Its callers saw connections break that no fault was to break: nothing measured from here on means anything.
      fail({ code: 'proxy-failed', message: diedSentence(died) })
      stopper.stop({ by: 'operator', why: `the proxy ${died.dead.name} died`, breached: false, at: at() })
    },
    onClosed: () => {
      closed = true
    },
  })
  const client = await startGuardian(armRequest(input, stage), (message: FromGuardian) => control.receive(message))
  control.attach(client)
  proxies.armed(client.proxies)
  let beats = 0
  let lastBeat = monotonicMs()
  const noticeOwnGap = (): void => {
    const gap = monotonicMs() - lastBeat
    lastBeat = monotonicMs()
    if (gap > 2_000) client.forgive()
    if (gap <= patience) return
    wasLost = true
    stopper.stop({ by: 'runner lost', why: `the runner stood still for ${Math.round(gap / 1000)} s`, breached: false, at: at() })
  }
  const loseGuardian = (why: string): void => {
    noticeOwnGap() // Its end may be the first thing we see after having stood still.
    if (lost || closed || wasLost) return
    lost = true
    client.kill()
    fail({ code: 'guardian-failed', message: `the guardian was lost (${why}); what it had changed is rolled back by a sweep` })
    stopper.stop({ by: 'operator', why: 'the guardian was lost', breached: false, at: at() })
  }
  client.onLost(() => loseGuardian('it ended'))
  // Whatever stops the run, the rollback is asked for at once, not when the phases come round to it.
  stopper.onStop((abort) => control.rollBack(undefined, abort.why))

  return {
    control,
    client,
    beat() {
      noticeOwnGap()
      if (wasLost) return
      if (!lost && client.silentFor() > patience) loseGuardian('it did not answer')
      if (!lost) client.send({ say: 'beat', n: ++beats })
    },
    error: () => failure,
    wasLost: () => wasLost,
    fail,
    proxies: proxies.living,
    async end() {
      ending = true
      if (wasLost) await learnFromJournal(stage, control)
      else {
        client.send({ say: 'close' })
        while (!closed && !lost && !wasLost && !control.allKnown()) await sleep(20)
        for (let waited = 0; !closed && !lost && !wasLost && waited < 2_000; waited += 20) await sleep(20)
        if (lost) await sweepUp(stage, control)
        else if (wasLost) await learnFromJournal(stage, control)
      }
      client.leave()
    },
  }
}

/** A dead guardian's run: a new one in sweep mode undoes it, and tells how each change ended. */
async function sweepUp(stage: ArmStage, control: FaultControl): Promise<void> {
  const [swept] = await sweep(stage.state, [stage.id])
  for (const change of swept?.changes ?? []) {
    control.receive({ say: 'change', key: change.key, state: change.state, ...(change.why ? { why: change.why } : {}) })
  }
  if (swept?.result !== 'swept') stage.note('error', `the sweep could not finish: ${swept?.why ?? swept?.result}`)
}

/** The guardian goes on without us: its journal tells how each change ended. It ends us 5 s after the rollback. */
async function learnFromJournal(stage: ArmStage, control: FaultControl): Promise<void> {
  for (let waited = 0; waited < 4_000 && !control.allKnown(); waited += 100) {
    const run = foldJournal(parseJournal(readFileSync(join(runDir(stage.id, stage.state), 'journal'))))
    for (const change of run?.changes ?? []) control.learn(change.plan.key, change.at)
    await sleep(100)
  }
}

function armRequest(input: ArmInput, stage: ArmStage): ArmRequest {
  const { experiment } = input
  const names = experiment.faults.flatMap((fault) => secretsOfFault(fault, input.injectors, experiment.sources))
  return {
    say: 'arm',
    run: stage.id,
    experiment: experiment.name,
    documentHash: input.hash,
    folder: input.folder,
    state: stage.state,
    environment: experiment.environment,
    seed: input.seed,
    ...(input.placebo ? { placebo: true } : {}),
    faults: experiment.faults,
    proxies: experiment.proxies,
    sources: experiment.sources.filter(({ name }) =>
      experiment.faults.some(({ target }) => target?.place === 'database' && target.query.name === name),
    ),
    lasts: Object.fromEntries(experiment.faults.map((fault) => [fault.name, lastsFor(fault, experiment.phases.fault)])),
    heartbeatLost: heartbeatLost(experiment, input.policy),
    policy: input.policy,
    maxDuration: maxDuration(experiment, input.sources),
    runner: { pid: process.pid, start: readStat(process.pid)?.start ?? 0 },
    // They travel through the pipe and are kept in memory only.
    secrets: valuesOf(names, input.secrets),
    ...(input.secrets.file === undefined ? {} : { secretsFile: input.secrets.file }),
  }
}
