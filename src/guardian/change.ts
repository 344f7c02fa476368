/** The life of one change: inject, look until active, undo, look until inactive, look again. The same code in a run and in a sweep. */
import type { AnyInjector, Context, Json, Look, Target } from '../faults/injector.ts'
import type { ChangeState } from '../records/run-data.ts'
import { monotonicMs, sleep, within } from '../system/clock.ts'
import type { Journal, PlannedRecord } from './journal.ts'

/** What the outside learns while a change lives. */
export interface ChangeEvents {
  state(change: Held, state: ChangeState, why?: string): void
  look(change: Held, look: Look | null, why?: string): void
  log(line: string): void
}

/** One change in the guardian's hands. */
export interface Held {
  plan: PlannedRecord
  state: Json
  at: ChangeState
  target?: Target
  /** The injector to inject and look with, and the one to undo with (another process, for a user's module). */
  injector: AnyInjector
  /** A fresh one for each try: a user's module may have died in the last. */
  undoer(): Promise<AnyInjector>
  context: Context<Json>
  /** Ends the injection that is under way. */
  stopInjecting: AbortController
  injecting?: Promise<void>
  /** An adjustment that is under way. */
  adjusting?: Promise<void>
  /** What the dials were told to show last, by name; absent while nothing moves. */
  asked?: Record<string, number>
  /** Adjustments in a row that failed. */
  misses?: number
  /** Seen to be gone after the undo, though not for the second time yet. */
  gone?: boolean
  /** Stuck for so long that nobody tries any more: the next sweep does. */
  givenUp?: boolean
}

export interface Engine {
  events: ChangeEvents
  journal: Journal | null
  /** Kills what still injects for this mark, and waits for it. */
  fence(mark: string): Promise<void>
  /** Non-null: nothing may be injected any more, and why. Asked again after the intent is on disk. */
  mayNotInject(): string | null
  /** ms to keep trying a rollback that does not work; an hour unless said otherwise. */
  tryFor?: number
}

const callLimit = 30_000
const lookEvery = 100

export async function setState(engine: Engine, held: Held, state: ChangeState, why?: string): Promise<void> {
  held.at = state
  engine.events.state(held, state, why)
  // A rollback never waits for the journal: after a failure it goes on from memory.
  await engine.journal?.append({ is: 'change', key: held.plan.key, state, ...(why ? { why } : {}) }).catch((error: Error) => {
    engine.events.log(`journal: ${error.message}`)
  })
}

/**
 * Injects one planned change and returns once it is seen to be active.
 * @throws when it was active before, could not be injected, or never became active.
 */
export async function injectChange(engine: Engine, held: Held): Promise<void> {
  const before = await look(held, held.injector)
  if (before.active) throw new Error(`it is already the case before the fault: ${before.seen}`)
  if (held.stopInjecting.signal.aborted) throw new Error('it is being rolled back')
  const { is: _, ...plan } = held.plan
  await engine.journal?.append({ ...plan, is: 'injecting', state: held.state })
  const refused = engine.mayNotInject() ?? (held.stopInjecting.signal.aborted ? 'it is being rolled back' : null)
  if (refused) throw new Error(refused)
  held.at = 'injecting'
  engine.events.state(held, 'injecting')
  const patience = durationMs(held.injector.patience?.inject ?? '30s')
  held.injecting = Promise.resolve(held.injector.inject(held.state, held.context))
  held.injecting.catch(() => {}) // Awaited below; a rollback that comes first must not leave it unhandled.
  await within(held.injecting, patience, () => new Error(`injecting took longer than ${patience / 1000} s`))
  const seen = await pollUntil(held, held.injector, true, patience, held.stopInjecting.signal)
  if (!('look' in seen)) throw new Error(`it never showed its effect: ${seen.last}`)
  if (held.at !== 'injecting') throw new Error('it was rolled back while being injected')
  await setState(engine, held, 'active')
  engine.events.look(held, seen.look)
}

/** One look, reported; `null` when it can't be told. Never throws. */
export async function watchChange(engine: Engine, held: Held): Promise<Look | null> {
  try {
    const seen = await look(held, held.injector)
    if (held.at === 'active') engine.events.look(held, seen)
    return seen
  } catch (error) {
    if (held.at === 'active') engine.events.look(held, null, (error as Error).message)
    return null
  }
}

/**
 * Undoes one change for certain: fence, roll back, look until inactive, look again after the settle time, and over again with
 * growing pauses for an hour. Returns when an end is reached or after that hour (`givenUp`); `stuck` is reported as soon as the first
 * try has failed. Never rejects.
 */
export async function undoChange(engine: Engine, held: Held): Promise<ChangeState> {
  const tryFor = engine.tryFor ?? 3_600_000
  const started = monotonicMs()
  held.stopInjecting.abort()
  held.givenUp = false
  const instant = held.plan.undoes === ''
  if (!instant) await setState(engine, held, 'undoing')
  for (let pause = 1000, failures = 1; ; pause = Math.min(pause * 2, 60_000), failures++) {
    const result = instant ? await fenceOnly(engine, held) : await undoOnce(engine, held)
    if (typeof result === 'object') {
      await setState(engine, held, result.state, result.why)
      return held.at
    }
    engine.events.log(`${held.plan.key}: ${result}`)
    if (monotonicMs() - started >= tryFor) {
      held.givenUp = true
      await setState(engine, held, 'stuck', result)
      return held.at
    }
    // One quick failure may be a race that the next try settles; a slow one is worth saying at once.
    if (held.at !== 'stuck' && (failures > 1 || monotonicMs() - started > 5_000)) await setState(engine, held, 'stuck', result)
    await sleep(pause)
  }
}

/** One try. An object: the end that was reached. A string: why it has to be tried again. */
async function undoOnce(engine: Engine, held: Held): Promise<{ state: ChangeState; why?: string } | string> {
  try {
    const patience = durationMs(held.injector.patience?.rollback ?? '30s')
    await engine.fence(`${held.context.mark}/inject`)
    // What injects in this very process has seen its signal; give it the moment to leave before the undo.
    await Promise.race([Promise.allSettled(changing(held)), sleep(250)])
    const undoer = await held.undoer()
    await within(
      Promise.resolve(undoer.rollback(held.state, held.context)),
      Math.min(patience, callLimit),
      () => new Error('the rollback hangs'),
    )
    const first = await pollUntil(held, undoer, false, patience)
    if (!('look' in first)) {
      return first.told
        ? `still there after the rollback: ${first.last}`
        : { state: 'unverified', why: `nobody can tell whether it is gone: ${first.last}` }
    }
    held.gone = true
    engine.events.look(held, first.look)
    await sleep(durationMs(held.injector.settle ?? '2s'))
    const again = await look(held, undoer)
    engine.events.look(held, again)
    if (again.active) return `it came back after the rollback: ${again.seen}`
    if (await isChanging(held)) return 'what injects it does not end'
    if (again.handedOver) return { state: 'handed over', why: again.handedOver }
    if (again.changed) return { state: 'changed by others', why: again.changed }
    return { state: 'verified', why: again.seen }
  } catch (error) {
    return (error as Error).message
  }
}

/** What of ours may still be changing the world for this change. */
function changing({ injecting, adjusting }: Held): Promise<void>[] {
  return [injecting, adjusting].filter((promise) => promise !== undefined)
}

/** A program of another user cannot be ended by us: as long as it runs, nothing is gone for certain. */
function isChanging(held: Held): Promise<boolean> {
  return Promise.race([Promise.allSettled(changing(held)).then(() => false), sleep(10).then(() => true)])
}

/** A fault without an inverse: only what still injects has to end. */
async function fenceOnly(engine: Engine, held: Held): Promise<{ state: ChangeState; why?: string } | string> {
  try {
    await engine.fence(`${held.context.mark}/inject`)
    return { state: 'nothing to undo' }
  } catch (error) {
    return (error as Error).message
  }
}

/** The look that said what was waited for, or why there is none. */
async function pollUntil(
  held: Held,
  injector: AnyInjector,
  active: boolean,
  patience: number,
  signal?: AbortSignal,
): Promise<{ look: Look } | { last: string; told: boolean }> {
  const end = monotonicMs() + patience
  let last = 'it was never looked at'
  let told = false
  do {
    if (signal?.aborted) return { last: 'stopped', told }
    try {
      const seen = await look(held, injector)
      if (seen.active === active) return { look: seen }
      told = true
      last = seen.seen
      // What the fault acts on is gone or somebody else's: it will not become active any more.
      if (active && (seen.died !== undefined || seen.changed !== undefined)) return { last, told }
    } catch (error) {
      last = (error as Error).message
    }
    await sleep(lookEvery, signal)
  } while (monotonicMs() < end)
  return { last, told }
}

function look(held: Held, injector: AnyInjector): Promise<Look> {
  return within(Promise.resolve(injector.look(held.state, held.context)), 10_000, () => new Error('looking takes longer than 10 s'))
}

export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (!match) throw new Error(`not a duration: ${text}`)
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h']
  return Number(match[1]) * unit
}
