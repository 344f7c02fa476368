/** An experiment against the policy of its environment: all that can be told from the document alone, and the hours. */
import type { Experiment, Fault } from './experiment.ts'
import { outsideHours } from './hours.ts'
import type { Path } from './located.ts'
import { type Policy, type Rule, ruleNames } from './project.ts'
import { formatQuantity } from './quantity.ts'

export interface Breach {
  rule: keyof Policy
  /** The part of the document that breaks it. */
  path: Path
  /** Without the rule, which `breachText` adds. */
  why: string
}

/** What the document itself breaks, whenever it is run. */
export function policyBreaches(experiment: Experiment, policy: Policy): Breach[] {
  const breaches: Breach[] = []
  const { places, faults, maxDuration } = policy
  for (const [index, fault] of experiment.faults.entries()) {
    const place = fault.target?.place ?? 'none'
    if (places && !places.value.includes(place)) {
      const why =
        place === 'none' ? `the fault ${fault.name} has no target, so it may do anything` : `the fault ${fault.name} acts at a ${place}`
      breaches.push({ rule: 'places', path: ['faults', index], why })
    }
    if (faults && !faults.value.includes(kindOf(fault)))
      breaches.push({ rule: 'faults', path: ['faults', index, 'type'], why: `${fault.type} is not among them` })
  }
  const lasts = plannedDuration(experiment)
  if (maxDuration && lasts > maxDuration.value)
    breaches.push({ rule: 'maxDuration', path: ['phases'], why: `the phases take ${formatQuantity(lasts, 'ms')} together` })
  return [...breaches, ...tooManyPicked(experiment, policy)]
}

/** Own faults are named by their path: the policy calls them `own`. */
function kindOf(fault: Fault): string {
  return fault.type.includes('/') ? 'own' : fault.type
}

/** Numbers that the document gives; shares and `all` are known only when the targets are. */
function tooManyPicked({ faults }: Experiment, { maxTargets }: Policy): Breach[] {
  if (!maxTargets || !('count' in maxTargets.value)) return []
  const picked = faults.map(({ target }) => (target && 'count' in target.pick ? target.pick.count : 0))
  const sum = picked.reduce((total, count) => total + count, 0)
  const most = picked.indexOf(Math.max(...picked))
  return sum > maxTargets.value.count ? [{ rule: 'maxTargets', path: ['faults', most], why: `the faults pick ${sum} targets` }] : []
}

/** Why a run that begins at `now` (ms since the epoch) breaks the hours, or null. */
export function hoursBreach(experiment: Experiment, { hours }: Policy, now: number): Breach | null {
  const why = hours && outsideHours(hours.value, now, now + plannedDuration(experiment))
  return why ? { rule: 'hours', path: [], why } : null
}

/** ms of all phases. */
export function plannedDuration({ phases }: Experiment): number {
  return phases.warmup + phases.baseline + phases.fault + phases.recovery
}

/** `max_targets 2 (squall.yaml:7): the faults pick 3 targets`. */
export function breachText(policy: Policy, { rule, why }: Breach): string {
  const { text, at } = policy[rule] as Rule<unknown>
  return `${ruleNames[rule]} ${text} (${at}): ${why}`
}

/** Each rule as `max_targets 2`, in the order of `ruleNames`. */
export function policyWords(policy: Policy): string[] {
  return Object.entries(ruleNames).flatMap(([rule, name]) => {
    const found = policy[rule as keyof Policy]
    return found ? [`${name} ${found.text}`] : []
  })
}
