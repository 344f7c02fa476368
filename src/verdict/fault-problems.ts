/** Was the fault really there, as strong as asked and until the end? */
import type { ChangeRecord } from '../records/run-data.ts'
import { doseProblem, whileActive } from './dose.ts'
import { type Material, windowOf } from './stretch.ts'
import type { Verdict } from './verdict.ts'

type Problem = Verdict['faults'][number]

export function faultProblems(material: Material): Problem[] {
  const { data, experiment } = material
  if (data.placebo) return []
  return data.changes.flatMap((change) => {
    const { fault, target } = change
    const found = (problem: Problem['problem'], text: string): Problem[] => [{ fault, target, problem, text }]
    if (change.diedByItself !== undefined) return found('died', change.diedByItself)
    if (!everActive(change)) {
      // A run that was stopped early had no time to see it, or never came to it.
      if (!windowOf(material, 'fault') || data.abort) return []
      const why = change.injectedAt === undefined ? 'was never injected' : 'never showed its effect'
      return found('never active', `${why}${change.error === undefined ? '' : `: ${change.error}`}`)
    }
    if (change.lost !== undefined) return found('lost', change.lost)
    const spec = experiment.faults.find(({ name }) => name === fault)?.spec ?? {}
    const weak = change.weak ?? fewerTargets(change) ?? doseProblem(change, spec)
    return weak === undefined ? [] : found('weak', weak)
  })
}

function everActive({ activeAt, state, looks }: ChangeRecord): boolean {
  return activeAt !== undefined || state === 'nothing to undo' || looks.some(({ active }) => active === true)
}

function fewerTargets(change: ChangeRecord): string | undefined {
  const short = whileActive(change).find(({ hit }) => hit && hit[0] < hit[1])
  return short?.hit && `only ${short.hit[0]} of ${short.hit[1]} targets were hit`
}
