/** The user's own injector: its code runs in a limited child, never in the guardian (`safety.md` rule 7). */
import * as z from 'zod/mini'
import { SquallError } from '../../errors.ts'
import { type CallContext, startUserCode } from '../../system/user-code.ts'
import type { AnyInjector, Change, Context, Json, Look, Need } from '../injector.ts'
import type { ContextData, ModuleFacts } from './module-facts.ts'
import { moduleHash } from './module-hash.ts'

export interface ModuleOptions {
  /** Absolute path. */
  path: string
  /** `inject`: carries `<mark>/inject`, so that a fence ends it. `rollback`: carries none. */
  role: 'inject' | 'rollback'
  mark: string
  folder: string
  /** Default 256. */
  memoryMb?: number
  /** ms a single call may take; default 30 s. A longer one ends the child. */
  callLimitMs?: number
}

export interface ModuleInjector extends AnyInjector {
  readonly path: string
  /** SHA-256 of the module and what it imports by relative path, taken before it was loaded. */
  readonly hash: string
  readonly alive: boolean
  close(): void
}

/** @throws SquallError `module-not-usable` when the file cannot be loaded as an injector */
export async function openModuleInjector(options: ModuleOptions): Promise<ModuleInjector> {
  const { path, role, mark, folder, memoryMb } = options
  const hash = moduleHash(path)
  const host = startUserCode<ModuleFacts>({
    ...{ entry: 'module-host', path, folder, callLimitMs: options.callLimitMs ?? 30_000 },
    ...(role === 'inject' ? { mark: `${mark}/inject`, dieWithParent: true } : {}),
    ...(memoryMb === undefined ? {} : { memoryMb }),
  })
  let facts: ModuleFacts
  try {
    facts = await host.loaded
    refuseTimes(facts)
  } catch (error) {
    host.close()
    throw new SquallError('module-not-usable', `${path} cannot be used: ${(error as Error).message}`)
  }
  const call = <T>(method: string, args: unknown[], context?: Context<Json>): Promise<T> =>
    host.call(method, args, context && callContext(method, context)) as Promise<T>
  return {
    type: facts.type,
    places: ['none'],
    spec: z.record(z.string(), z.unknown()),
    ...(facts.instant ? { instant: true as const } : {}),
    ...(facts.dials.length > 0
      ? { dials: facts.dials, adjust: (state: Json, dose: unknown, context: Context<Json>) => call<void>('adjust', [state, dose], context) }
      : {}),
    ...(facts.settle ? { settle: facts.settle as NonNullable<AnyInjector['settle']> } : {}),
    ...(facts.patience ? { patience: facts.patience as NonNullable<AnyInjector['patience']> } : {}),
    path,
    hash,
    get alive() {
      return host.alive
    },
    close: host.close,
    // The contract's `needs` is not a promise; who asks a module awaits it.
    needs: (spec) => call<Need[]>('needs', [spec]) as unknown as Need[],
    plan: (spec, target, context) => call<Change<Json>>('plan', [spec, target], context),
    inject: (state, context) => call<void>('inject', [state], context),
    rollback: (state, context) => call<void>('rollback', [state], context),
    look: (state, context) => call<Look>('look', [state], context),
  }
}

/** A time that cannot be read would be noticed only when the fault has to be undone. */
function refuseTimes({ settle, patience }: ModuleFacts): void {
  const times = Object.entries({ settle, 'patience.inject': patience?.inject, 'patience.rollback': patience?.rollback })
  const wrong = times.find(([, text]) => text !== undefined && !/^\d+(\.\d+)?(ms|s|m|h)$/.test(String(text)))
  if (wrong) throw new Error(`${wrong[0]} is “${String(wrong[1])}”, not a duration such as 30s`)
}

function callContext(method: string, context: Context<Json>): CallContext {
  const data: ContextData = { mark: context.mark, deadline: context.deadline.getTime(), folder: context.folder }
  return {
    data,
    // Only what changes the world is given up half-way: what undoes or looks goes on.
    ...(method === 'inject' || method === 'adjust' ? { signal: context.signal } : {}),
    log: (line) => context.log(line),
    answer(what, value) {
      if (what === 'secret') return context.secret(String(value))
      return what === 'save' ? context.save(value as Json) : context.random()
    },
  }
}
