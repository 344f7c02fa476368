/** What we and the child that holds a user's module say to each other: one JSON object a line, over descriptor 3 and 4. All payloads are plain data. */

export type ToHost =
  | { call: number; method: string; args: unknown[]; context?: unknown }
  /** The answer to something the module asked its context for. */
  | { reply: number; ok: boolean; value: unknown }
  /** The signal of the call was aborted. */
  | { abort: number }

/** `Facts`: what the module's file says of itself once loaded. */
export type FromHost<Facts> =
  | { loaded: Facts }
  | { unusable: string }
  | { call: number; ok: true; value: unknown }
  | { call: number; ok: false; message: string; code?: string }
  | { ask: number; call: number; what: string; value: unknown }
  | { log: string }
