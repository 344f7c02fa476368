/** The source contract: where a measure comes from. Asked live by `now`, or by `range` where the back end remembers. */
import type { z } from 'zod/mini'
import type { Unit } from '../document/experiment.ts'
import type { Sample } from '../records/run-data.ts'

/** Secrets that were read here are masked in everything a source says: missing, problems, errors, log. It need not care. */
export interface SourceContext {
  readonly signal: AbortSignal
  secret(name: string): Promise<string>
  log(line: string): void
  /** The same object for all questions of one second: what one source fetched then may serve all its measures. */
  readonly tick?: object
  /** ms between two readings, as `check` found it; for `range`. */
  readonly step?: number
  /** Folder of the document: relative paths are taken from it. */
  readonly folder: string
  /** Name of the measure that is asked for. */
  readonly measure: string
  /** Ids that good answers to the traffic have acknowledged so far. Absent: the traffic has no `ids`. */
  acknowledged?(): readonly string[]
}

/** ms since the epoch, by the back end's clock; `to` is exclusive. */
export interface Window {
  from: number
  to: number
}

/** What was found before the run. */
export interface Check {
  /** Of what the source gives, where it can know that; else the document says it. */
  unit?: Unit
  /** What one of its numbers is in `unit`: 1000 when it counts in seconds. Default 1. */
  factor?: number
  /** ms between two readings. */
  step: number
  /** ms that the back end's clock is ahead of ours. */
  skew?: number
  /** What makes a run pointless, all of it. */
  problems: string[]
  /** Worth knowing, but no hindrance. */
  notes?: string[]
}

/** A reading before the engine has put its own clock on it; `over`: it sums up the last so many ms. */
export type Reading = { over?: number } & (
  | { value: number }
  | { bad: number; total: number }
  | { buckets: [le: number, count: number][] }
  | { missing: string }
)

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
  /** ms until a sample of `range` may be called complete: until then what is missing may still come. */
  readonly lag?: number
  needs(config: Config): { reach?: string; secret?: string; command?: string }[]
  /** Before the run: reachable, exactly one series, unit, resolution, clock. All problems at once; never throws for a problem of the other side. */
  check(config: Config, query: string, context: SourceContext): Promise<Check>
  /** Live: the engine stamps the sample with its own clock. */
  now?(config: Config, query: string, context: SourceContext): Promise<Reading>
  /**
   * The back end remembers: all samples of the window with their own times (ms since the epoch), gaps as missing. Asked live for what is
   * new, and for everything once more when it is complete. Throws when nothing could be learnt.
   */
  range?(config: Config, query: string, window: Window, context: SourceContext): Promise<Sample[]>
  /** For a type that has both `now` and `range`: whether the back end of this configuration remembers. */
  remembers?(config: Config): boolean
}

interface LiveModule<Config> {
  now: NonNullable<Source<Config>['now']>
  range?: never
}

interface RememberedModule<Config> {
  range: NonNullable<Source<Config>['range']>
  /** ms until a sample may be called complete. */
  lag?: number
  now?: never
}

/** The default export of an author's own source, `type: ./source.ts`. `config` reads what stands in `with`. */
export type SourceModule<Config = Record<string, unknown>> = Partial<Pick<Source<Config>, 'config' | 'check'>> &
  (LiveModule<Config> | RememberedModule<Config>)

/** True for `range`. */
export function isRemembered<Config>(source: Source<Config>, config: Config): boolean {
  return source.range !== undefined && (source.now === undefined || source.remembers?.(config) === true)
}
