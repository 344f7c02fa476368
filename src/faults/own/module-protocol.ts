/** What the guardian and the child that holds a user's module say to each other: one JSON object a line, over descriptor 3 and 4. */
import type { Json } from '../injector.ts'

export type Method = 'needs' | 'plan' | 'inject' | 'rollback' | 'look' | 'adjust'

/** The parts of the context that are plain data. */
export interface ContextData {
  mark: string
  deadline: number
  folder: string
}

export type ToHost =
  | { call: number; method: Method; args: Json[]; context?: ContextData }
  /** The answer to something the module asked its context for. */
  | { reply: number; ok: boolean; value: Json }
  /** The signal of the call was aborted. */
  | { abort: number }

/** What the module's file says of itself once loaded. */
export interface ModuleFacts {
  type: string
  instant: boolean
  settle?: string
  patience?: { inject?: string; rollback?: string }
}

export type FromHost =
  | { loaded: ModuleFacts }
  | { unusable: string }
  | { call: number; ok: true; value: Json }
  | { call: number; ok: false; message: string; code?: string }
  | { ask: number; call: number; what: 'save' | 'secret' | 'random'; value: Json }
  | { log: string }
