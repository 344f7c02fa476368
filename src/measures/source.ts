/** The source contract: where a measure comes from. Exactly one of `now` and `range`. */
import type { z } from 'zod/mini'
import type { Unit } from '../document/experiment.ts'
import type { Sample } from '../records/run-data.ts'

export interface SourceContext {
  readonly signal: AbortSignal
  secret(name: string): Promise<string>
  log(line: string): void
  /** The same object for all questions of one second: what one source fetched then may serve all its measures. */
  readonly tick?: object
}

/** ms since the epoch. */
export interface Window {
  from: number
  to: number
}

/** A reading before the engine has put its own clock on it. */
export type Reading = { value: number } | { bad: number; total: number } | { buckets: [le: number, count: number][] } | { missing: string }

/** The source's section in the reference. Each is Markdown. */
export interface SourceAbout {
  /** What it reads, in a sentence or two. */
  does: string
  /** What a measure's `query` may be. */
  query: string
  /** The `sources` and `measures` of a document, YAML. */
  example: string
  /** What people should know: limits, what ends as missing. */
  notes?: readonly string[]
}

export interface Source<Config = unknown> {
  readonly type: string
  /** Needed for a source that comes with Squall. */
  readonly about?: SourceAbout
  readonly config: z.core.$ZodType<Config>
  /** ms until a sample may be called complete. */
  readonly lag?: number
  needs(config: Config): { reach?: string; secret?: string; command?: string }[]
  /** Before the run: reachable, exactly one series, unit, resolution. All problems at once; never throws for a problem of the other side. */
  check(config: Config, query: string, context: SourceContext): Promise<{ unit?: Unit; step: number; problems: string[] }>
  /** Live: the engine stamps the sample with its own clock. */
  now?(config: Config, query: string, context: SourceContext): Promise<Reading>
  /** The back end remembers. */
  range?(config: Config, query: string, window: Window, context: SourceContext): Promise<Sample[]>
}
