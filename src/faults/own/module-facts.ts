/** What goes between the guardian and the child that holds a user's injector. */

/** The parts of the context that are plain data. */
export interface ContextData {
  mark: string
  /** ms since the epoch. */
  deadline: number
  folder: string
}

/** What the module's file says of itself once loaded. */
export interface ModuleFacts {
  type: string
  instant: boolean
  /** Parameters that may be ranges. */
  dials: string[]
  settle?: string
  patience?: { inject?: string; rollback?: string }
}
