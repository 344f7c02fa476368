import type { Limit } from '../document/experiment.ts'

/** What a limit allows in the measure's own unit, given baseline. A floor gives way at least so much (`at least +5ms`); null: nothing is bounded. */
export function allowedBy(limit: Limit, baseline: number, direction: 'max' | 'min'): number | null {
  switch (limit.kind) {
    case 'none':
      return null
    case 'absolute':
      return limit.value
    case 'plus':
      return baseline + limit.value
    case 'times': {
      const scaled = baseline * limit.factor
      if (direction === 'max') return limit.factor >= 1 ? Math.max(scaled, baseline + limit.floor) : scaled
      return limit.factor <= 1 ? Math.min(scaled, baseline - limit.floor) : scaled
    }
  }
}
