/** From a fault's type to the injector that does it: built in, or the author's own module in children of its own. */
import { resolve } from 'node:path'
import type { Place } from '../document/experiment.ts'
import { faultEntry } from '../document/fault-entry.ts'
import { SquallError } from '../errors.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { type ModuleInjector, openModuleInjector } from '../faults/own/module.ts'
import { moduleHash } from '../faults/own/module-hash.ts'

/** The two sides of a fault: one process injects and looks, another undoes, so that a fence can end the first. */
export interface InjectorPair {
  readonly injector: AnyInjector
  /** Sees to it that `injector` lives: the fence of an undo has ended what injected the last time. */
  renew(): Promise<void>
  /** Ready before anything is injected; a fresh one when the last has died. */
  undoer(): Promise<AnyInjector>
  module?: { path: string; hash: string }
  close(): void
}

export function isModulePath(type: string): boolean {
  return type.startsWith('./') || type.startsWith('../') || type.startsWith('/')
}

/** `place`: of its target; absent when it has none. */
export function builtInPair(injectors: readonly AnyInjector[], type: string, place: Place | undefined): InjectorPair {
  const injector = faultEntry(injectors, type, place)
  if (!injector) throw new SquallError('fault-not-available', `there is no fault type ${type}`)
  return { injector, renew: () => Promise.resolve(), undoer: () => Promise.resolve(injector), close: () => {} }
}

/**
 * The user's module: loaded twice at arm, so that nothing is loaded later.
 * @param hash when given (a sweep): refuse to run anything else.
 */
export async function modulePair(
  path: string,
  options: { mark: string; folder: string; hash?: string; undoOnly?: boolean },
): Promise<InjectorPair> {
  const absolute = resolve(options.folder, path)
  // Before any of it is loaded: loading is running.
  const hash = moduleHash(absolute)
  if (options.hash !== undefined && options.hash !== hash) {
    throw new SquallError('module-changed', `${absolute} is not what was injected with: its content has changed`)
  }
  const open = (role: 'inject' | 'rollback'): Promise<ModuleInjector> =>
    openModuleInjector({ path: absolute, role, mark: options.mark, folder: options.folder })
  /** A fresh one; only of what was loaded first. */
  const reopen = async (role: 'inject' | 'rollback'): Promise<ModuleInjector> => {
    const reopened = await open(role)
    if (reopened.hash === hash) return reopened
    reopened.close()
    throw new SquallError('module-changed', `${absolute} is not what was injected with: its content has changed`)
  }
  let spare = await open('rollback')
  let injector = options.undoOnly ? spare : await open('inject')
  return {
    get injector() {
      return injector
    },
    async renew() {
      if (!injector.alive) injector = await reopen('inject')
    },
    async undoer() {
      if (!spare.alive) spare = await reopen('rollback')
      return spare
    },
    module: { path: absolute, hash },
    close() {
      injector.close()
      spare.close()
    },
  }
}
