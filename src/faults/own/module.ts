import type { AnyInjector } from '../injector.ts'
export interface ModuleInjector extends AnyInjector { path: string; hash: string; alive: boolean; close(): void }
export function openModuleInjector(_options: { path: string; role: 'inject' | 'rollback'; mark: string; folder: string }): Promise<ModuleInjector> {
  return Promise.reject(new Error('stub'))
}
