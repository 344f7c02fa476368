/** One run from beginning to end. Reads as a table of contents: each step is a module beside this file. */
import { rmSync } from 'node:fs'
import type { Experiment } from '../document/experiment.ts'
import { breachText, hoursBreach, policyBreaches } from '../document/policy.ts'
import type { Policy } from '../document/project.ts'
import { SquallError } from '../errors.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { standingFlag } from '../guardian/halt-flag.ts'
import { indexFinish, indexRemove, indexStart } from '../records/index-db.ts'
import type { Abort, PhaseWindow, RunData } from '../records/run-data.ts'
import { openRunWriter, type RunWriter } from '../records/run-file.ts'
import { monotonicMs, wallMs } from '../system/clock.ts'
import { ensureStateDir, runDir } from '../system/paths.ts'
import { readStat } from '../system/proc.ts'
import { newRunId } from '../system/random.ts'
import type { Secrets } from '../system/secrets.ts'
import { version } from '../system/version.ts'
import { exitCode, rollbackWord } from '../verdict/exit-code.ts'
import { trialsOf } from '../verdict/false-alarms.ts'
import { createGuard, type Guard } from '../verdict/guard.ts'
import { judge, judgePrecision, judgeSteady } from '../verdict/judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { armGuardian, type Guarded } from './arm.ts'
import type { TellNews } from './events.ts'
import { type Measuring, startMeasuring } from './measuring.ts'
import { mustHaveNeeded } from './needed.ts'
import { runPhases } from './phases.ts'
import { beginProof, type ProxyProof } from './proxy-proof.ts'
import { staysSentence } from './run-proxies.ts'
import { createStopper, type Stopper } from './stopper.ts'
import { weakest } from './survival.ts'

export interface RunRequest {
  experiment: Experiment
  /** SHA-256 of the document. */
  hash: string
  /** The document's text, kept with the record. */
  document: string
  /** Folder of the document. */
  folder: string
  seed: number
  /** The same run with nothing injected. */
  placebo?: true
  injectors: readonly AnyInjector[]
  sources: Parameters<typeof startMeasuring>[0]['sources']
  secrets: Secrets
  /** What the environment allows. */
  policy: Policy
  tell: TellNews
  /** Called once the run can be stopped; the returned function is called when it no longer can. */
  onStoppable(stop: (abort: Omit<Abort, 'at'>) => boolean): () => void
}

export interface RunResult {
  id: string
  dir: string
  data: RunData
  verdict: Verdict
  exit: number
}

/**
 * Runs the experiment.
 * @throws SquallError when it is refused before anything was started: halted, locked, no such target, a source that cannot be read
 */
export async function runExperiment(request: RunRequest): Promise<RunResult> {
  const state = ensureStateDir()
  const flag = standingFlag(state)
  if (flag) throw new SquallError('halted', `all runs are halted: ${flag} is there`)
  mustBeAllowed(request)
  if (!request.placebo) await mustHaveNeeded(request.experiment, request.injectors, request.secrets)
  const id = newRunId()
  const dir = runDir(id, state)
  const startedAt = new Date().toISOString()
  const zero = monotonicMs()
  const at = (): number => monotonicMs() - zero
  const stopper = createStopper()
  const note: Stage['note'] = (level, text, data) => {
    writer.event({ at: at(), level, text, ...(data !== undefined && { data }) })
    request.tell({ is: 'note', at: at(), level, text })
  }
  const writer: RunWriter = await openRunWriter(id, dir, {
    onProblem: (text) => request.tell({ is: 'note', at: at(), level: 'warn', text }),
  })
  stopper.onStop((abort) => {
    writer.abort(abort) // Whoever closes the record of a killed run must know.
    request.tell({ is: 'abort', abort })
  })
  const release = request.onStoppable((abort) => stopper.stop({ ...abort, at: at() }))
  try {
    const { experiment, hash, document, seed } = request
    const placebo = request.placebo ? { placebo: true as const } : {}
    writer.start({ experiment, hash, document, startedAt, seed, version, ...placebo })
    const runner = { pid: process.pid, start: readStat(process.pid)?.start ?? 0 }
    const { name, environment, service } = experiment
    await indexStart({ id, name, hash, environment, startedAt, runner, ...(service ? { service } : {}), ...placebo }, state)
    const stage: Stage = { id, dir, state, at, stopper, writer, note }
    const started = await orForget(stage, () => startGuarded(request, stage))
    const data = await observe(request, { ...stage, ...started, startedAt })
    return await conclude(request, { id, dir, state, startedAt, data, writer, guarded: started.guarded })
  } finally {
    release()
    await writer.close()
  }
}

/** Before anything is started; what only the targets tell, the guardian refuses when it arms. */
function mustBeAllowed({ experiment, policy }: RunRequest): void {
  const hours = hoursBreach(experiment, policy, wallMs())
  const breaches = [...policyBreaches(experiment, policy), ...(hours ? [hours] : [])]
  if (breaches.length === 0) return
  const texts = breaches.map((breach) => breachText(policy, breach))
  throw new SquallError('policy', `not allowed in ${experiment.environment}: ${texts.join('\n  and ')}`)
}

interface Stage {
  id: string
  dir: string
  state: string
  at(): number
  stopper: Stopper
  writer: RunWriter
  note(level: 'info' | 'warn' | 'error', text: string, data?: unknown): void
}

/** Refused before anything was started: nothing of it is kept. */
async function orForget<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await stage.writer.close()
    await indexRemove(stage.id, stage.state)
    rmSync(stage.dir, { recursive: true, force: true })
    throw error
  }
}

interface Started {
  guarded: Guarded
  guard: Guard
  measuring: Measuring
  proof: ProxyProof
}

async function startGuarded(request: RunRequest, stage: Stage): Promise<Started> {
  const { experiment, tell } = request
  const { at, stopper, writer, note } = stage
  const guarded = await armGuardian(request, stage)
  const guard = createGuard(experiment, Math.round(experiment.phases.fault / 1000))
  const { changes } = guarded.client
  tell({
    is: 'started',
    id: stage.id,
    dir: stage.dir,
    seed: request.seed,
    experiment,
    changes,
    weakest: weakest(changes),
    ...(request.placebo && { placebo: true }),
  })
  try {
    const proof = await beginProof(experiment, note)
    const measuring = await startMeasuring({
      ...{
        experiment,
        runId: stage.id,
        folder: request.folder,
        sources: request.sources,
        secrets: request.secrets,
        guard,
        at,
        writer,
        tell,
        note,
      },
      beat: guarded.beat,
      stop: (abort) => stopper.stop(abort),
    })
    return { guarded, guard, measuring, proof }
  } catch (error) {
    await guarded.end()
    throw error
  }
}

async function observe(request: RunRequest, stage: Stage & Started & { startedAt: string }): Promise<RunData> {
  const { experiment, tell } = request
  const { at, stopper, writer, guarded, guard, measuring } = stage
  const phases: PhaseWindow[] = []
  const snapshot = (): RunData => ({
    id: stage.id,
    experiment,
    startedAt: stage.startedAt,
    ...(request.placebo ? { placebo: true } : {}),
    phases: phases.map((window) => ({ ...window, to: Math.min(window.to, at()) })),
    traffic: measuring.seconds(),
    samples: measuring.samples(),
    changes: guarded.control.changes(),
    ...(stopper.abort ? { abort: stopper.abort } : {}),
    ...(guarded.error() ? { error: guarded.error() as NonNullable<RunData['error']> } : {}),
  })
  try {
    await runPhases({
      experiment,
      placebo: request.placebo === true,
      stopper,
      guarded,
      guard,
      measuring,
      at,
      phases,
      writer,
      tell,
      note: stage.note,
      unused: stage.proof.unused,
      steady: () => judgeSteady(snapshot()),
      precision: () => judgePrecision(snapshot()),
      snapshot,
    })
  } finally {
    // The guard's clock stops with the measuring; the guardian must not take the rest of the work for our death.
    const beating = setInterval(() => guarded.beat(), 1000)
    try {
      await measuring.stop(stopper.abort !== null && stopper.abort.by !== 'guard')
      await guarded.end()
    } finally {
      clearInterval(beating)
    }
  }
  for (const proxy of guarded.proxies()) stage.note('info', staysSentence(proxy), { stays: proxy })
  for (const change of guarded.control.changes()) writer.change(change)
  return { ...snapshot(), endedAt: new Date().toISOString() }
}

async function conclude(
  request: RunRequest,
  stage: { id: string; dir: string; state: string; startedAt: string; data: RunData; writer: RunWriter; guarded: Guarded },
): Promise<RunResult> {
  const { id, dir, data, writer } = stage
  const verdict = judge(data)
  const exit = exitCode(verdict, data.changes)
  const endedAt = data.endedAt ?? new Date().toISOString()
  if (data.abort) writer.abort(data.abort)
  if (data.error) writer.error(data.error)
  writer.finish({ verdict, outcome: verdict.outcome, endedAt, exit })
  await writer.flush()
  const end = {
    id,
    outcome: verdict.outcome,
    endedAt,
    exit,
    rollback: rollbackWord(data.changes),
    because: verdict.because,
    trials: trialsOf(verdict),
  }
  // The verdict is there: it must not be lost, nor its exit code, because the list of runs cannot be written.
  await indexFinish(end, stage.state).catch((error: Error) =>
    request.tell({ is: 'note', at: 0, level: 'warn', text: `the list of runs does not have the end of this one: ${error.message}` }),
  )
  if (writer.problem) request.tell({ is: 'note', at: 0, level: 'warn', text: `the record is not complete: ${writer.problem}` })
  return { id, dir, data, verdict, exit }
}
