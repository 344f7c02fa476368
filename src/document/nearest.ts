/** “Did you mean …”: the nearest known word. */

/** What other tools call it. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  title: ['name'],
  description: ['hypothesis'],
  steadyState: ['measures'],
  metrics: ['measures'],
  probes: ['measures'],
  slo: ['measures'],
  load: ['traffic'],
  variables: ['vars'],
  configuration: ['vars'],
  actions: ['faults'],
  attacks: ['faults'],
  steps: ['faults'],
  duration: ['for', 'fault'],
  delay: ['after'],
  start: ['inject', 'after'],
  undo: ['rollback'],
  revert: ['rollback'],
  verify: ['check'],
  freeze: ['pause'],
  suspend: ['pause'],
  hang: ['pause'],
  terminate: ['kill'],
  crash: ['kill'],
  stress: ['cpu'],
  script: ['command'],
  exec: ['command'],
  interval: ['every'],
  selector: ['labels'],
  name: ['process'],
  service: ['process'],
  labels: ['process'],
  port: ['process'],
  pid: ['process', 'name'],
  count: ['pick'],
  percent: ['pick'],
  mode: ['pick'],
  rps: ['rate', 'throughput'],
  qps: ['rate'],
  code: ['status'],
  maximum: ['max'],
  minimum: ['min'],
  errors: ['error_rate'],
  failures: ['error_rate'],
  requests: ['throughput'],
  latency: ['latency_p99'],
  p50: ['latency_p50'],
  p95: ['latency_p95'],
  p99: ['latency_p99'],
  threshold: ['max', 'fault'],
  limit: ['max'],
  tolerance: ['max'],
  source: ['from'],
  expr: ['query'],
  before: ['baseline'],
  during: ['fault'],
  after: ['recovery'],
}

/**
 * The candidate that means the same in other tools; or the nearest, at most two edits away (one for short words, none for single
 * letters); or one that begins with the word; undefined when there is none.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const allowed = word.length <= 1 ? 0 : word.length <= 5 ? 1 : 2
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase(), allowed) }))
    .filter(({ edits }) => edits <= allowed)
  return (
    (Object.hasOwn(synonyms, word) ? synonyms[word]?.find((meant) => candidates.includes(meant)) : undefined) ??
    ranked.toSorted((a, b) => a.edits - b.edits)[0]?.candidate ??
    (word.length >= 3 ? candidates.find((candidate) => candidate.startsWith(word)) : undefined)
  )
}

/** `did you mean “latency_p99”?`, or undefined. */
export function suggestion(word: string, candidates: readonly string[]): string | undefined {
  const near = nearest(word, candidates)
  return near === undefined ? undefined : `did you mean “${near}”?`
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); gives up above `most`. */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most || a.length > 100) return most + 1
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? most + 1
}
