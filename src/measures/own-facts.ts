/** What goes between the runner and the child that holds a user's source. */

/** What the module's file says of itself once loaded. */
export interface OwnSourceFacts {
  /** Has `range` instead of `now`. */
  remembers: boolean
  checks: boolean
  /** ms until a sample of `range` may be called complete. */
  lag: number
}

/** The parts of the context that are plain data. */
export interface OwnSourceData {
  folder: string
  /** Name of the measure that is asked for. */
  measure: string
  /** ms between two readings. */
  step: number
}
