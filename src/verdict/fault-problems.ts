/** Was the fault really there, as strong as asked and until the end? */
import type { Fault } from '../document/experiment.ts'
import type { ChangeRecord, LookRecord } from '../records/run-data.ts'
import { digits } from './numbers.ts'
import { median } from './quantile.ts'
import { type Material, windowOf } from './stretch.ts'
import type { Verdict } from './verdict.ts'

type Problem = Verdict['faults'][number]

/** Share by which the achieved dose may differ from the asked one. */
const doseSlack = 0.2

export function faultProblems(material: Material): Problem[] {
  const { data, experiment } = material
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
    const weak =
      change.weak ??
      fewerTargets(change) ??
      wrongDose(
        change,
        experiment.faults.find(({ name }) => name === fault),
      )
    return weak === undefined ? [] : found('weak', weak)
  })
}

function everActive({ activeAt, state, looks }: ChangeRecord): boolean {
  return activeAt !== undefined || state === 'nothing to undo' || looks.some(({ active }) => active === true)
}

/** Looks while the fault was meant to be there. */
function duringFault({ looks, activeAt = 0, undoAt = Number.POSITIVE_INFINITY }: ChangeRecord): LookRecord[] {
  return looks.filter(({ at, active }) => active === true && at >= activeAt && at < undoAt)
}

function fewerTargets(change: ChangeRecord): string | undefined {
  const short = duringFault(change).find(({ hit }) => hit && hit[0] < hit[1])
  return short?.hit && `only ${short.hit[0]} of ${short.hit[1]} targets were hit`
}

/** The median achieved strength of each parameter that was asked for as a number. */
function wrongDose(change: ChangeRecord, fault: Fault | undefined): string | undefined {
  const looks = duringFault(change)
  for (const [key, asked] of Object.entries(fault?.spec ?? {})) {
    const achieved = looks.flatMap(({ dose }) => (typeof dose?.[key] === 'number' && Number.isFinite(dose[key]) ? [dose[key]] : []))
    if (typeof asked !== 'number' || asked === 0 || achieved.length === 0) continue
    const got = median(achieved)
    if (Math.abs(got - asked) > doseSlack * Math.abs(asked)) return `${key} was ${digits(got)}, asked for ${digits(asked)}`
  }
  return undefined
}
