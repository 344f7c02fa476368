/** Arming: every fault resolved, planned, locked and loaded before anything may be injected. */
import type { Fault } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import type { AnyInjector, Json, Target } from '../faults/injector.ts'
import { resolveTargets } from '../faults/resolve.ts'
import { wallMs } from '../system/clock.ts'
import { seededRandom } from '../system/random.ts'
import type { Held } from './change.ts'
import { createContext } from './context.ts'
import { builtInPair, type InjectorPair, isModulePath, modulePair } from './injector-of.ts'
import type { Journal, PlannedRecord } from './journal.ts'
import { type ArmRequest, type ChangeSummary, changeKey } from './protocol.ts'
import type { ResourceLocks } from './resource-locks.ts'

/** ms a fault may outlast its planned end before it expires by itself or the guardian ends it unasked. */
export const expirySlack = 5_000

export interface ArmedFault {
  fault: Fault
  pair: InjectorPair
  /** How many targets the preview had: the blast radius that planning again must not exceed. */
  size: number
  held: Held[]
}

export interface Armoury {
  request: ArmRequest
  injectors: readonly AnyInjector[]
  locks: ResourceLocks
  journal(): Journal | null
  log(line: string): void
}

/** Loads the fault's code and plans it for the first time. @throws SquallError when it can't be carried out */
export async function armFault(armoury: Armoury, fault: Fault): Promise<ArmedFault> {
  const { request } = armoury
  const mark = `${request.run}/${fault.name}`
  const pair = isModulePath(fault.type)
    ? await modulePair(fault.type, { mark, folder: request.folder })
    : builtInPair(armoury.injectors, fault.type)
  try {
    const targets = await resolveFault(request, fault)
    const held = await Promise.all(targets.map((target, index) => planChange(armoury, fault, pair, target, index)))
    return { fault, pair, size: targets.length, held }
  } catch (error) {
    pair.close()
    throw error
  }
}

/** Plans again right before injecting: the targets may be others by now (`safety.md` rule 11). */
export async function planAgain(armoury: Armoury, armed: ArmedFault): Promise<void> {
  const targets = (await resolveFault(armoury.request, armed.fault, true)).slice(0, armed.size)
  armoury.locks.planAgain(armed.fault.name)
  armed.held = await Promise.all(targets.map((target, index) => planChange(armoury, armed.fault, armed.pair, target, index)))
}

async function resolveFault(request: ArmRequest, fault: Fault, allowFewer = false): Promise<Target[]> {
  if (!fault.target) return [{ place: 'none', id: fault.name, name: fault.name, facts: {} }]
  return resolveTargets(fault.target, { random: seededRandom(request.seed), protect: [process.pid, request.runner.pid], allowFewer })
}

async function planChange(armoury: Armoury, fault: Fault, pair: InjectorPair, target: Target, index: number): Promise<Held> {
  const { request } = armoury
  const key = changeKey(fault.name, index)
  const stopInjecting = new AbortController()
  const lasts = request.lasts[fault.name] ?? request.maxDuration
  const held: Held = {
    plan: undefined as never,
    state: null,
    at: 'planned',
    target,
    injector: pair.injector,
    undoer: pair.undoer,
    stopInjecting,
    context: createContext({
      mark: `${request.run}/${key}`,
      deadline: new Date(wallMs() + lasts + expirySlack),
      signal: stopInjecting.signal,
      folder: request.folder,
      seed: request.seed,
      secrets: request.secrets,
      log: armoury.log,
      async save(state: Json) {
        held.state = state
        const saved = armoury.journal()?.append({ is: 'saved', key, state })
        // A rollback never waits for the journal; an injection must not go on without it.
        if (held.at === 'undoing' || held.at === 'stuck') await saved?.catch((error: Error) => armoury.log(`journal: ${error.message}`))
        else await saved
      },
    }),
  }
  const change = await pair.injector.plan(fault.spec, target, held.context)
  if (change.undoes === '' && pair.injector.instant !== true)
    throw new SquallError('module-not-usable', `${fault.type}: a fault without an inverse must say that it is instant`)
  if (change.lock) armoury.locks.take(change.lock, { key, fault: fault.name }, target.name)
  held.state = change.state as Json
  held.plan = plannedRecord(fault, key, target, change, pair)
  await armoury.journal()?.append(held.plan)
  return held
}

function plannedRecord(
  fault: Fault,
  key: string,
  target: Target,
  change: Awaited<ReturnType<AnyInjector['plan']>>,
  pair: InjectorPair,
): PlannedRecord {
  return {
    is: 'planned',
    key,
    fault: fault.name,
    type: fault.type,
    target: target.name,
    does: change.does,
    undoes: change.undoes,
    ...(change.expires ? { expires: change.expires } : {}),
    ...(pair.module ? { module: pair.module } : {}),
    state: change.state as Json,
  }
}

export function summaryOf(held: Held): ChangeSummary {
  const { key, fault, type, target, does, undoes, expires } = held.plan
  return { key, fault, type, target, does, undoes, ...(expires ? { expires } : {}) }
}

export function refusalOf(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof SquallError) return error.toJSON()
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'fault-failed', message, hint: '' }
}
