/** Readings that a back end has summed up itself, each over a stretch of the same length. */
import type { Sample } from '../records/run-data.ts'
import type { Window } from './source.ts'

/**
 * One sample for each whole stretch of `step` ms within the window, at its end. `values`: by the ms since the epoch at which the stretch
 * begins; a stretch that is not there, or whose value is none, is missing.
 */
export function stretches(values: ReadonlyMap<number, number | null>, { from, to }: Window, step: number, nothing: string): Sample[] {
  const samples: Sample[] = []
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const value = values.get(at - step)
    const known = value !== undefined && value !== null && Number.isFinite(value)
    samples.push(known ? { at, over: step, value } : { at, missing: nothing })
  }
  return samples
}

/** The same stretches in parts that hold no more than `most` of them. */
export function inParts({ from, to }: Window, step: number, most: number): Window[] {
  const parts: Window[] = []
  for (let start = from; start < to; start += most * step) parts.push({ from: start, to: Math.min(to, start + most * step) })
  return parts
}
