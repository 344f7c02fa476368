/** A run as plain data without its samples: the verdict and what people and programs ask about it. */
import type { StoredRun } from '../records/stored-run.ts'
import type { Verdict } from '../verdict/verdict.ts'

export function runFacts(run: StoredRun<Verdict>): Record<string, unknown> {
  const {
    id,
    experiment,
    hash,
    seed,
    version,
    placebo,
    startedAt,
    endedAt,
    outcome,
    exit,
    abort,
    error,
    phases,
    changes,
    events,
    verdict,
  } = run
  const { name, hypothesis, environment } = experiment
  const identity = { id, name, hypothesis, environment, hash, seed, version, placebo, startedAt, endedAt, outcome, exit }
  return { ...identity, abort, error, phases, changes, events, verdict }
}
