/** How long a request waits, drawn. */
import type { HttpDelay } from './rule.ts'

/** ms, never negative. `draw` gives as many numbers as are asked for. */
export function drawDelay({ ms, jitter, shape }: HttpDelay, draw: (index: number) => number): number {
  if (jitter <= 0) return ms
  if (shape === 'uniform') return Math.max(0, ms + (2 * draw(1) - 1) * jitter)
  const normal = Math.sqrt(-2 * Math.log(1 - draw(1))) * Math.cos(2 * Math.PI * draw(2))
  if (shape === 'normal') return Math.max(0, ms + normal * jitter)
  return ms <= 0 ? 0 : ms * Math.exp(normal * Math.log(1 + jitter / ms))
}
