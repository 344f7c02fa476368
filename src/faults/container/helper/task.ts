/** What goes into a helper container and what it says: plain data, one JSON line each way. */
import type { Change, Json, Look, Target } from '../../injector.ts'

/** What the kernel under the engine can do to packets: asked once, in a helper with a network of its own, since there it may not make one. */
export type KernelCan = { netem: boolean; egress: boolean }

interface About {
  /** Type of the fault. */
  type: string
  mark: string
  /** ms from now until it must be over: the engine's clock may be another one. */
  lasts: number
  kernel?: KernelCan
}

export type HelperTask =
  /** Tries what the kernel can do. */
  | { do: 'kernel' }
  /** Plans, changing nothing. */
  | ({ do: 'plan'; spec: Json; target: Target } & About)
  /** Applies, waits, reverts: at its deadline, or when it is told to stop. */
  | ({ do: 'hold'; state: Json } & About)
  /** Undoes what a helper has left that was killed. */
  | ({ do: 'undo'; state: Json } & About)
  | ({ do: 'look'; state: Json } & About)

/** A line of its output. `hold` says `look` each second. */
export type HelperLine =
  | { kernel: KernelCan }
  | { planned: Change<Json> }
  /** `dosed`: the last dose that it has taken. */
  | { look: Look; dosed?: string; doseFailed?: string }
  | { error: { code?: string; message: string; hint?: string } }

/** How a dial is moved: a file in the helper, exchanged whole. */
export interface Dose {
  id: string
  dose: Record<string, number>
}

export const doseFile = '/tmp/dose.json'
