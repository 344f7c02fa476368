/** What the reader is told about faults and sources; the parts themselves live in rooms it does not know. */
import type { z } from 'zod/mini'
import type { Experiment, JudgedPhase, Place } from './experiment.ts'

export interface CatalogueFault {
  readonly type: string
  readonly places: readonly (Place | 'none')[]
  /** The parameters that stand flat beside `type`. */
  readonly spec: z.core.$ZodType
  /** Parameters that may be ranges. */
  readonly dials?: readonly string[]
  /** Over once done: it has no duration that could dilute a measure. */
  readonly instant?: true
  /** The part of its target that a fault of this type keeps for itself: no other fault of a run may hold the same. */
  readonly holds?: string
  /** Which of `to`, `match`, `interface` this fault understands, and what may be written there. */
  readonly narrows?: Readonly<Record<string, z.core.$ZodType>>
}

export interface CatalogueSource {
  readonly type: string
  readonly config: z.core.$ZodType
}

export interface DocumentCatalogue {
  readonly faults: readonly CatalogueFault[]
  readonly sources: readonly CatalogueSource[]
  /** What the judge foresees of a plan: bounds that its rate and phases cannot prove. */
  foresee?(experiment: Experiment): readonly Foreseen[]
}

export interface Foreseen {
  measure: string
  phase: JudgedPhase
  direction: 'max' | 'min'
  sentence: string
  /** Seconds of each phase that would do; null: none of a day. */
  wouldSuffice: number | null
}
