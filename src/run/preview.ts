/** The preview of a run: targets, every change and its inverse, what is needed. Changes nothing. */
import type { Experiment, Fault } from '../document/experiment.ts'
import { againWords, beginsOf, lastsFor } from '../document/fault-times.ts'
import { SquallError } from '../errors.ts'
import { secretsOfFault, valuesOf } from '../faults/fault-secrets.ts'
import type { AnyInjector, Json, Step, Target } from '../faults/injector.ts'
import { type CheckedNeed, checkNeeds } from '../faults/needs.ts'
import { withOwnDials } from '../faults/own/dials.ts'
import { doesWords, rampOf } from '../faults/ramp.ts'
import { resolveTargets } from '../faults/resolve.ts'
import { createContext } from '../guardian/context.ts'
import { builtInPair, isModulePath, modulePair } from '../guardian/injector-of.ts'
import { changeKey } from '../guardian/protocol.ts'
import { wallMs } from '../system/clock.ts'
import { seededRandom } from '../system/random.ts'
import type { Secrets } from '../system/secrets.ts'
import { type Survival, survivalOf } from './survival.ts'

export interface PreviewChange {
  key: string
  fault: string
  type: string
  target: string
  /** What it counts as against the policy. */
  where: Pick<Target, 'place' | 'id' | 'among'>
  does: string
  undoes: string
  /** Every command or call, with its inverse, where the fault tells them. */
  steps: readonly Step[]
  expires?: string
  lock?: string
  survives: Survival
}

export interface PreviewFault {
  name: string
  type: string
  /** ms after the fault phase began, and how long. */
  after: number
  lasts: number
  /** ms after the fault phase began, each time it begins. */
  begins: number[]
  /** `, again every 30s: 4 times`, or empty. */
  again: string
  needs: CheckedNeed[]
  changes: PreviewChange[]
  /** Why it could not be planned. */
  error?: { code: string; message: string; hint: string }
}

export interface PreviewOptions {
  folder: string
  seed: number
  injectors: readonly AnyInjector[]
  secrets: Secrets
}

export async function preview(experiment: Experiment, options: PreviewOptions): Promise<PreviewFault[]> {
  return Promise.all(experiment.faults.map((fault) => previewFault(experiment, fault, options)))
}

async function previewFault(experiment: Experiment, asked: Fault, options: PreviewOptions): Promise<PreviewFault> {
  const { name, type, after } = asked
  const length = experiment.phases.fault
  const lasts = lastsFor(asked, length)
  const times = { after, lasts, begins: beginsOf(asked, length), again: againWords(asked, length) }
  const result: PreviewFault = { name, type, ...times, needs: [], changes: [] }
  const own = isModulePath(type)
  const pair = own
    ? await modulePair(type, { mark: 'preview', folder: options.folder, undoOnly: true })
    : builtInPair(options.injectors, type, asked.target?.place)
  try {
    const fault = own ? withOwnDials(asked, pair.injector) : asked
    // A user's module answers from another process.
    const needs = await Promise.resolve(pair.injector.needs(fault.spec, fault.target))
    result.needs = await checkNeeds(needs, options.secrets)
    const targets: Target[] = fault.target
      ? await resolveTargets(fault.target, {
          random: seededRandom(options.seed),
          protect: [process.pid],
          proxies: experiment.proxies,
          sources: experiment.sources,
        })
      : [{ place: 'none', id: fault.name, name: fault.name, facts: {} }]
    for (const [index, target] of targets.entries())
      result.changes.push(await previewChange(fault, target, index, lasts, pair.injector, { ...options, sources: experiment.sources }))
  } catch (error) {
    result.error = error instanceof SquallError ? error.toJSON() : { code: 'fault-failed', message: (error as Error).message, hint: '' }
  } finally {
    pair.close()
  }
  return result
}

async function previewChange(
  fault: Fault,
  target: Target,
  index: number,
  lasts: number,
  injector: AnyInjector,
  { sources, ...options }: PreviewOptions & Pick<Experiment, 'sources'>,
): Promise<PreviewChange> {
  const key = changeKey(fault.name, index)
  const context = createContext({
    mark: `preview/${key}`,
    deadline: new Date(wallMs() + lasts + 5_000),
    signal: new AbortController().signal,
    folder: options.folder,
    seed: options.seed,
    secrets: valuesOf(secretsOfFault(fault, options.injectors, sources), options.secrets),
    log: () => {},
    save: (_state: Json) => Promise.resolve(),
  })
  const planned = await injector.plan(fault.spec, target, context)
  const { undoes, expires, lock, steps = [] } = planned
  const does = doesWords(planned.does, rampOf(fault, lasts))
  const { place, id, among } = target
  const where = { place, id, ...(among === undefined ? {} : { among }) }
  const summary = {
    key,
    fault: fault.name,
    type: fault.type,
    target: target.name,
    where,
    does,
    undoes,
    steps,
    ...(expires ? { expires } : {}),
  }
  return { ...summary, ...(lock ? { lock } : {}), survives: survivalOf(summary, place) }
}
