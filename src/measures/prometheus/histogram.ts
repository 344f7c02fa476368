/** A histogram of one stretch of time, put together from the counters of its buckets. */
import type { Sample } from '../../records/run-data.ts'
import type { Labels } from './selector.ts'

/** Sums all histograms of a selection: counts up to each edge `le`. Missing when a part is, or when their edges differ. */
export function bucketSample(at: number, over: number, parts: readonly { labels: Labels; count: number }[]): Sample {
  return { at, over, ...bucketsOf(parts) }
}

export function bucketsOf(
  parts: readonly { labels: Labels; count: number }[],
): { buckets: [le: number, count: number][] } | { missing: string } {
  const histograms = new Map<string, Map<number, number>>()
  for (const { labels, count } of parts) {
    const { le, ...group } = labels
    const edge = edgeOf(le)
    if (edge === null) return { missing: `no bucket: its label le is ${le === undefined ? 'not there' : `“${le}”`}` }
    if (Number.isNaN(count)) return { missing: 'is NaN: nothing was counted' }
    const key = JSON.stringify(group)
    histograms.set(key, (histograms.get(key) ?? new Map<number, number>()).set(edge, count))
  }
  return summed([...histograms.values()])
}

function summed(histograms: readonly ReadonlyMap<number, number>[]): { buckets: [number, number][] } | { missing: string } {
  const edges = [...(histograms[0]?.keys() ?? [])].sort((a, b) => a - b)
  if (!edges.includes(Number.POSITIVE_INFINITY)) return { missing: 'the bucket le="+Inf" is not there' }
  if (histograms.some((each) => each.size !== edges.length || !edges.every((edge) => each.has(edge)))) {
    return { missing: 'a part of the buckets is not there, or the edges of several histograms differ' }
  }
  let most = 0
  const buckets = edges.map((edge): [number, number] => {
    // Rates that were rounded apart must not make a count fall towards the right.
    most = Math.max(
      most,
      histograms.reduce((all, each) => all + (each.get(edge) ?? 0), 0),
    )
    return [edge, most]
  })
  return most > 0 ? { buckets } : { missing: 'no events in this time' }
}

/** `0.5`, `1.0` or `+Inf`; null when it is no number. */
export function edgeOf(le: string | undefined): number | null {
  if (le === undefined || le === '') return null
  const edge = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
  return Number.isNaN(edge) ? null : edge
}
