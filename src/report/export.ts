/** A run as one JSON document: everything that was kept, so that any number of the verdict can be computed again elsewhere. */
import type { StoredRun } from '../records/stored-run.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { shownExperiment } from './shown-experiment.ts'

/**
 * What `squall export RUN` prints. Keys keep their meaning within a version, new ones may be added; a break makes the version one more.
 * Credentials in headers are left out.
 */
export interface ExportedRun extends StoredRun<Verdict> {
  schema: 'squall.run/1'
  schemaVersion: 1
  /** What the numbers mean, in words. */
  units: Record<string, string>
}

/** Part of the document itself. */
const units = {
  at: 'ms since startedAt, monotonic clock',
  from: 'ms since startedAt',
  to: 'ms since startedAt, exclusive',
  t: 'second since startedAt, by the intended start of its requests',
  latencies: 'ms from the intended start to the end, one for each request that ended as ok, error or timeout',
  quantiles: 'linear interpolation at rank (n + 1) p of the ascending values (Hyndman and Fan, type 6), within the observed values',
  lagP99: 'ms Squall itself started late, 99th percentile',
  ms: 'time in milliseconds',
  share: '0 to 1',
  rate: 'per second',
  missing: 'a reason instead of a value: nothing was measured',
  notFinite: 'infinities and not-a-number are the strings "Infinity", "-Infinity", "NaN"',
}

export function exportRun(run: StoredRun<Verdict>): string {
  const document: ExportedRun = { schema: 'squall.run/1', schemaVersion: 1, units, ...run, experiment: shownExperiment(run.experiment) }
  return JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
    1,
  )
}
