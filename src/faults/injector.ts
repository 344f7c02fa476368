/** The injector contract: `inject, roll back, is it active`, asked of the world. See docs/reference for a worked example. */
import type { z } from 'zod/mini'
import type { Place, TargetSpec } from '../document/experiment.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`
export type Schema<T> = z.core.$ZodType<T>

/** One thing a fault needs from the machine or the user. */
export type Need =
  | { kube: { verb: string; resource: string; namespace?: string } }
  | { capability: string }
  | { command: string }
  | { docker: true }
  /** The queueing discipline that delays and loses packets: not every kernel has it. */
  | { netem: true }
  /** The image of helper containers in the engine, or else all of these. */
  | { helper: Need[] }
  | { reach: string }
  | { secret: string }

/** One resolved target. `id` identifies it across time (a process: pid and start time), `name` is for people. */
export interface Target {
  place: Place | 'none'
  id: string
  name: string
  /** How many the target matched, of which this is one. */
  among?: number
  /** Place-specific facts found while resolving; plain data. */
  facts: { [key: string]: Json }
}

export interface Change<State> {
  /** Everything `rollback` and `look` need; plain data, no secrets. */
  state: State
  /** What will happen, one sentence. */
  does: string
  /** The inverse, one sentence; empty: there is nothing to undo (an instant fault). */
  undoes: string
  /** Every command or call, in order, each with its inverse (empty: none needed), as people would type it: `squall plan` lists them. */
  steps?: readonly Step[]
  /** A part of the world that can't be shared, machine-wide: `process:1234:17`. */
  lock?: string
  /** When the change ends by itself even if everybody is dead, e.g. `after 35s`. */
  expires?: string
  /** What else is touched. */
  hits?: string[]
}

export interface Step {
  does: string
  undoes: string
}

export interface Look {
  active: boolean
  /** The evidence, in words. */
  seen: string
  /** k of n targets. */
  hit?: [number, number]
  /** Achieved strength, same keys and base units as asked. */
  dose?: Record<string, number>
  /** The fault ended because its own process died, not because it was undone. */
  died?: string
  /** Others changed the target meanwhile: nothing was or will be undone. */
  changed?: string
  /** Undone as far as the document asked; what is left is for people to do, in words. */
  handedOver?: string
  verdict?: { passed: boolean; why: string }
}

export interface Context<State> {
  /** `<run>/<fault>`: every name, label and environment mark starts with it. */
  readonly mark: string
  /** When the fault must be over at the latest. */
  readonly deadline: Date
  readonly signal: AbortSignal
  /** Folder of the document: relative paths are resolved against it. */
  readonly folder: string
  log(line: string): void
  secret(name: string): Promise<string>
  /** Seeded: the same run picks the same. */
  random(): number
  /** Keep ids learnt on the way; durable when the promise resolves. */
  save(state: State): Promise<void>
}

export interface Injector<Spec = unknown, State = Json> {
  readonly type: string
  readonly places: readonly (Place | 'none')[]
  readonly spec: Schema<Spec>
  readonly instant?: true
  /** The part of a target that its lock stands for, so that a document with two such faults is refused before anything is looked at. */
  readonly holds?: string
  /** Which keys that narrow a target it understands; what was written there is in the target's facts as `narrowing`. */
  readonly narrows?: Readonly<Record<string, Schema<unknown>>>
  readonly dials?: readonly (keyof Spec & string)[]
  readonly patience?: { inject?: Duration; rollback?: Duration }
  readonly settle?: Duration
  needs(spec: Spec, target: TargetSpec | undefined): Need[]
  plan(spec: Spec, target: Target, context: Context<State>): Promise<Change<State>>
  inject(state: State, context: Context<State>): Promise<void>
  adjust?(state: State, dose: Partial<Spec>, context: Context<State>): Promise<void>
  rollback(state: State, context: Context<State>): Promise<void>
  look(state: State, context: Context<State>): Promise<Look>
}

// biome-ignore lint/suspicious/noExplicitAny: a list of injectors has no common Spec or State.
export type AnyInjector = Injector<any, any>
