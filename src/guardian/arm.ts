/** Arming: every fault resolved, planned, locked and loaded before anything may be injected. */
import type { Fault, Ramp } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { secretsOfFault } from '../faults/fault-secrets.ts'
import type { AnyInjector, Json, Target } from '../faults/injector.ts'
import { withOwnDials } from '../faults/own/dials.ts'
import { doesWords, doseAt, rampOf } from '../faults/ramp.ts'
import { resolveTargets } from '../faults/resolve.ts'
import { wallMs } from '../system/clock.ts'
import { seededRandom } from '../system/random.ts'
import type { Held } from './change.ts'
import { createContext, mustHoldNoSecret } from './context.ts'
import { builtInPair, type InjectorPair, isModulePath, modulePair } from './injector-of.ts'
import type { Journal, PlannedRecord } from './journal.ts'
import { mustKeepPolicy } from './keep-policy.ts'
import { type ArmRequest, type ChangeSummary, changeKey } from './protocol.ts'
import type { ResourceLocks } from './resource-locks.ts'

/** ms a fault may outlast its planned end before it expires by itself or the guardian ends it unasked. */
export const expirySlack = 5_000

export interface ArmedFault {
  fault: Fault
  pair: InjectorPair
  ramp: Ramp | undefined
  /** How many targets the preview had: the blast radius that planning again must not exceed. */
  size: number
  held: Held[]
}

export interface Armoury {
  request: ArmRequest
  /** The faults that are armed so far. */
  armed: readonly ArmedFault[]
  injectors: readonly AnyInjector[]
  locks: ResourceLocks
  journal(): Journal | null
  log(line: string): void
}

/** Loads the fault's code and plans it for the first time. @throws SquallError when it can't be carried out */
export async function armFault(armoury: Armoury, asked: Fault): Promise<ArmedFault> {
  const { request } = armoury
  const mark = `${request.run}/${asked.name}`
  const own = isModulePath(asked.type)
  const pair = own
    ? await modulePair(asked.type, { mark, folder: request.folder })
    : builtInPair(armoury.injectors, asked.type, asked.target?.place)
  try {
    const fault = own ? withOwnDials(asked, pair.injector) : asked
    const armed: ArmedFault = { fault, pair, ramp: rampOf(fault, lastsOf(request, fault)), size: 0, held: [] }
    const targets = await resolveFault(request, fault)
    armed.held = await Promise.all(targets.map((target, index) => planChange(armoury, armed, target, index)))
    armed.size = targets.length
    mustKeepPolicy(request, [...armoury.armed, armed])
    return armed
  } catch (error) {
    pair.close()
    throw error
  }
}

/** Plans again right before injecting: the targets may be others by now (`safety.md` rule 11). Those that are still there stay. */
export async function planAgain(armoury: Armoury, armed: ArmedFault): Promise<void> {
  const before = armed.held.flatMap(({ target }) => target ?? [])
  const targets = (await resolveFault(armoury.request, armed.fault, before)).slice(0, armed.size)
  await armed.pair.renew()
  armoury.locks.planAgain(armed.fault.name)
  armed.held = await Promise.all(targets.map((target, index) => planChange(armoury, armed, target, index)))
  mustKeepPolicy(armoury.request, armoury.armed)
}

/** `before`: the targets of the last time; fewer of them than asked for is weaker then, not refused. */
async function resolveFault(request: ArmRequest, fault: Fault, before?: readonly Target[]): Promise<Target[]> {
  if (!fault.target) return [{ place: 'none', id: fault.name, name: fault.name, facts: {} }]
  return resolveTargets(fault.target, {
    random: seededRandom(request.seed),
    protect: [process.pid, request.runner.pid],
    proxies: request.proxies,
    ...(request.sources && { sources: request.sources }),
    ...(before && { allowFewer: true, prefer: new Set(before.map(({ id }) => id)) }),
  })
}

function lastsOf(request: ArmRequest, fault: Fault): number {
  return request.lasts[fault.name] ?? request.maxDuration
}

async function planChange(armoury: Armoury, { fault, pair, ramp }: ArmedFault, target: Target, index: number): Promise<Held> {
  const { request } = armoury
  const key = changeKey(fault.name, index)
  const stopInjecting = new AbortController()
  const held: Held = {
    plan: undefined as never,
    state: null,
    at: 'planned',
    target,
    injector: pair.injector,
    undoer: pair.undoer,
    stopInjecting,
    ...(ramp && { asked: doseAt(ramp, 0) }),
    context: createContext({
      mark: `${request.run}/${key}`,
      deadline: new Date(wallMs() + lastsOf(request, fault) + expirySlack),
      signal: stopInjecting.signal,
      folder: request.folder,
      seed: request.seed,
      secrets: request.secrets,
      log: armoury.log,
      async save(state: Json) {
        // A rollback never waits for the journal; an injection must not go on without it.
        const undoing = held.at === 'undoing' || held.at === 'stuck'
        const saving = (async () => {
          mustHoldNoSecret(state)
          await armoury.journal()?.append({ is: 'saved', key, state })
        })()
        held.state = state
        if (undoing) await saving.catch((error: Error) => armoury.log(`journal: ${error.message}`))
        else await saving
      },
    }),
  }
  const change = await pair.injector.plan(fault.spec, target, held.context)
  if (change.undoes === '' && pair.injector.instant !== true)
    throw new SquallError('module-not-usable', `${fault.type}: a fault without an inverse must say that it is instant`)
  mustHoldNoSecret([change.state as Json, change.lock ?? null])
  if (change.lock) armoury.locks.take(change.lock, { key, fault: fault.name }, target.name)
  held.state = change.state as Json
  const secrets = secretsOfFault(fault, armoury.injectors, request.sources)
  held.plan = {
    ...plannedRecord(fault, key, target, change, pair),
    does: doesWords(change.does, ramp),
    ...(ramp && { ramp }),
    ...(secrets.length > 0 && { secrets }),
  }
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
    ...(target.place !== 'none' && { place: target.place }),
    target: target.name,
    does: change.does,
    undoes: change.undoes,
    ...(change.expires ? { expires: change.expires } : {}),
    ...(pair.module ? { module: pair.module } : {}),
    state: change.state as Json,
  }
}

export function summaryOf(held: Held): ChangeSummary {
  const { key, fault, type, target, does, undoes, expires, ramp } = held.plan
  return { key, fault, type, target, does, undoes, ...(expires ? { expires } : {}), ...(ramp ? { ramp } : {}) }
}

export function refusalOf(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof SquallError) return error.toJSON()
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'fault-failed', message, hint: '' }
}
