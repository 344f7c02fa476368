/** The sweep: finishes what a dead guardian left, from nothing but the journal and the world. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SquallError } from '../errors.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { killByMark } from '../faults/marks.ts'
import type { ChangeState } from '../records/run-data.ts'
import { sleep, wallMs } from '../system/clock.ts'
import { distrust } from '../system/files.ts'
import { patientLock } from '../system/flock.ts'
import { runDir } from '../system/paths.ts'
import { aliveSame } from '../system/proc.ts'
import { type Engine, type Held, setState } from './change.ts'
import { createContext, mustHoldNoSecret } from './context.ts'
import { serveControl } from './control-socket.ts'
import { ownIdentity, whyForeign } from './identity.ts'
import { builtInPair, isModulePath, modulePair } from './injector-of.ts'
import { brokenJournal, type Journal, reopenJournal } from './journal.ts'
import { changesToLookAt, foldJournal, type JournaledChange, type JournaledRun, parseJournal } from './journal-read.ts'
import { unmarkOpen } from './open-runs.ts'
import { endStates, unsettledStates } from './protocol.ts'
import { undoGroups } from './undo-all.ts'

export interface SweptRun {
  run: string
  /** `held`: a guardian or another sweep is on it. `foreign`, `untrusted`: left alone. `unreadable`: nothing can be known. */
  result: 'swept' | 'held' | 'foreign' | 'untrusted' | 'unreadable'
  why?: string
  changes: { key: string; state: ChangeState; does: string; why?: string }[]
}

export interface SweepOptions {
  state: string
  injectors: readonly AnyInjector[]
  log(line: string): void
  closeRecord(dir: string): Promise<void>
  /** Values of the secrets that the journals name, as far as whoever asked for the sweep has them. */
  secrets: Readonly<Record<string, string>>
  /** Each state a change reaches, while the sweep goes on. */
  onChange(run: string, key: string, state: ChangeState, why?: string): void
  fence?: (mark: string) => Promise<unknown>
  /** ms to keep trying a stuck rollback. */
  tryFor?: number
}

const diskErrors: ReadonlySet<string | undefined> = new Set(['EROFS', 'EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'])

export async function sweepRun(run: string, options: SweepOptions): Promise<SweptRun> {
  const dir = runDir(run, options.state)
  const result = (kind: SweptRun['result'], why?: string): SweptRun => ({ run, result: kind, changes: [], ...(why ? { why } : {}) })
  const untrusted = whyUntrusted(dir)
  if (untrusted === 'missing') {
    // The guardian died before the journal was there, so before anything could be injected.
    unmarkOpen(options.state, run, options.log)
    return result('swept')
  }
  if (untrusted) return result('untrusted', untrusted)
  const lock = await patientLock(join(dir, 'lock'))
  if (!lock) return result('held')
  try {
    const path = join(dir, 'journal')
    const content = parseJournal(readFileSync(path))
    const journaled = foldJournal(content)
    if (!journaled && content.records.length === 0 && content.damaged === 0) {
      unmarkOpen(options.state, run, options.log) // Not even the header was written: nothing was injected.
      return result('swept')
    }
    if (!journaled) return result('unreadable', 'the header of its journal is damaged')
    const foreign = whyForeign(journaled.header.identity, ownIdentity())
    if (foreign) return result('foreign', foreign)
    if (journaled.header.uid !== process.getuid?.()) return result('foreign', `it belongs to uid ${journaled.header.uid}`)
    const journal = await reopenJournal(path, content.end, content.size).catch((error: NodeJS.ErrnoException) => {
      // A disk that takes nothing any more must not keep what was read from being undone; a journal that was exchanged must.
      if (!diskErrors.has(error.code)) throw error
      options.log(`journal: ${error.message}`)
      return brokenJournal(error)
    })
    const changes = await undoJournaled(journaled, journal, dir, options)
    await journal.append({ is: 'run', state: 'closed', why: 'swept' }).catch((error: Error) => options.log(error.message))
    await journal.close()
    if (!changes.some((change) => unsettledStates.has(change.state))) unmarkOpen(options.state, run, options.log)
    // A runner that lost its guardian lives: it knows best how its record ends.
    const { runner } = journaled.header
    if (!aliveSame(runner.pid, runner.start)) await options.closeRecord(dir)
    return { run, result: 'swept', changes }
  } finally {
    lock.release()
  }
}

function whyUntrusted(dir: string): string | null {
  for (const [path, kind] of [
    [dirname(dir), 'folder'],
    [dir, 'folder'],
    [join(dir, 'journal'), 'file'],
  ] as const) {
    try {
      const reason = distrust(path, kind)
      if (reason) return `${path}: ${reason}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
      throw error
    }
  }
  return null
}

async function undoJournaled(run: JournaledRun, journal: Journal, dir: string, options: SweepOptions): Promise<SweptRun['changes']> {
  const why = new Map<string, string>()
  const engine: Engine = {
    journal,
    events: {
      state(held, state, reason) {
        if (reason) why.set(held.plan.key, reason)
        options.onChange(run.header.run, held.plan.key, state, reason)
      },
      look: () => {},
      log: options.log,
    },
    fence: async (mark) => void (await (options.fence ?? killByMark)(mark)),
    mayNotInject: () => 'a sweep injects nothing',
    ...(options.tryFor === undefined ? {} : { tryFor: options.tryFor }),
  }
  const closers: (() => void)[] = []
  const held: Held[] = []
  const lost: { key: string; state: ChangeState; does: string; why: string }[] = []
  for (const change of changesToLookAt(run)) {
    try {
      const { taken, close } = await takeOver(run, change, journal, options)
      closers.push(close)
      held.push(taken)
    } catch (error) {
      // E.g. a module that has changed, a secret that is not set: say what to do by hand, and keep it open.
      const reason = `${(error as Error).message}. By hand: ${change.plan.undoes}`
      await journal.append({ is: 'change', key: change.plan.key, state: 'stuck', why: reason }).catch((e: Error) => options.log(e.message))
      options.onChange(run.header.run, change.plan.key, 'stuck', reason)
      lost.push({ key: change.plan.key, state: 'stuck', does: change.plan.does, why: reason })
    }
  }
  const server = await serveControl(join(dir, 'socket'), async ({ ask }) => {
    if (ask !== 'status') await allKnown(held)
    return {
      run: run.header.run,
      changes: held.map((one) => ({ key: one.plan.key, state: one.at })),
      settled: lost.length === 0 && held.every((one) => endStates.has(one.at)),
    }
  }).catch((error: Error) => {
    options.log(`socket: ${error.message}`) // Nobody can ask then; the undo does not need it.
    return null
  })
  for (const one of held) await endIfNeverInjected(engine, one, run.damaged > 0)
  await undoGroups(
    engine,
    held.map((one) => [one]),
    500,
  )
  await server?.close()
  for (const close of closers) close()
  return [...held.map((one) => ({ key: one.plan.key, state: one.at, does: one.plan.does, ...whyOf(why, one) })), ...lost]
}

function whyOf(why: ReadonlyMap<string, string>, held: Held): { why?: string } {
  const reason = why.get(held.plan.key)
  return reason === undefined ? {} : { why: reason }
}

/** Resolves when each change has come to an end or is known to be stuck. */
async function allKnown(held: readonly Held[]): Promise<void> {
  while (!held.every((one) => endStates.has(one.at) || one.at === 'stuck')) await sleep(20)
}

/**
 * A change that was only planned. The intent is on disk before anything is injected: when the journal is whole, what looks like the fault
 * is somebody else's doing. A damaged one may have lost the intent: then the world is asked.
 */
async function endIfNeverInjected(engine: Engine, held: Held, damaged: boolean): Promise<void> {
  if (held.at !== 'planned') return
  if (!damaged) return setState(engine, held, 'nothing to undo', 'it was never injected')
  try {
    await engine.fence(`${held.context.mark}/inject`)
    const look = await held.injector.look(held.state, held.context)
    if (look.active && held.plan.undoes !== '') held.at = 'injecting'
    else await setState(engine, held, 'nothing to undo', 'it was never injected')
  } catch {
    held.at = 'injecting' // Can't be told: undo it, which does no harm.
  }
}

async function takeOver(
  run: JournaledRun,
  change: JournaledChange,
  journal: Journal,
  options: SweepOptions,
): Promise<{ taken: Held; close(): void }> {
  const { plan } = change
  const { header } = run
  const mark = `${header.run}/${plan.key}`
  const secrets = neededSecrets(plan.secrets ?? [], options.secrets)
  const pair =
    plan.module && isModulePath(plan.type)
      ? await modulePair(plan.module.path, { mark, folder: header.folder, hash: plan.module.hash, undoOnly: true })
      : builtInPair(options.injectors, plan.type, plan.place)
  const stopInjecting = new AbortController()
  const taken: Held = {
    plan,
    state: change.state,
    at: change.at,
    injector: pair.injector,
    undoer: pair.undoer,
    stopInjecting,
    context: createContext({
      mark,
      deadline: new Date(wallMs()),
      signal: stopInjecting.signal,
      folder: header.folder,
      seed: 0,
      secrets,
      log: options.log,
      async save(state) {
        taken.state = state
        const saving = async (): Promise<void> => {
          mustHoldNoSecret(state)
          await journal.append({ is: 'saved', key: plan.key, state })
        }
        await saving().catch((error: Error) => options.log(`journal: ${error.message}`))
      },
    }),
  }
  // A damaged journal may say `verified` of what it can't know: from here on the world decides.
  if (endStates.has(taken.at)) taken.at = 'injecting'
  return { taken, close: pair.close }
}

/** @throws SquallError `secret-missing`: the change is stuck until somebody sweeps who has it */
function neededSecrets(names: readonly string[], secrets: Readonly<Record<string, string>>): Record<string, string> {
  const missing = names.filter((name) => secrets[name] === undefined)
  if (missing.length > 0) throw new SquallError('secret-missing', `needs the secret ${missing.join(', ')}: set it and run squall rollback`)
  return Object.fromEntries(names.map((name) => [name, secrets[name] as string]))
}
