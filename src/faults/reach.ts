/** How far the planned changes of a run reach, against the policy: the parts of it that only targets and changes tell. */
import type { Breach } from '../document/policy.ts'
import type { Policy } from '../document/project.ts'
import type { Target } from './injector.ts'

export interface PlannedReach {
  key: string
  fault: string
  undoes: string
  expires?: string
  target: Pick<Target, 'place' | 'id' | 'among'>
}

/** Checked for the preview, when the guardian arms, and again right before it injects, when the targets may be others. */
export function reachBreaches(policy: Policy, changes: readonly PlannedReach[]): Breach[] {
  return [...tooMany(policy, changes), ...lasting(policy, changes)]
}

function tooMany({ maxTargets }: Policy, changes: readonly PlannedReach[]): Breach[] {
  if (!maxTargets) return []
  const hit = changes.filter(({ target }) => target.place !== 'none')
  const breach = (why: string): Breach => ({ rule: 'maxTargets', path: [], why })
  if ('count' in maxTargets.value) {
    const many = countTargets(hit)
    return many > maxTargets.value.count ? [breach(`the faults have ${many} targets`)] : []
  }
  const { share } = maxTargets.value
  return [...Map.groupBy(hit, ({ fault }) => fault)].flatMap(([fault, its]) => {
    const [many, among] = [countTargets(its), its[0]?.target.among ?? its.length]
    return many > Math.max(1, Math.floor(share * among)) ? [breach(`${fault} has ${many} of ${among} that its target matches`)] : []
  })
}

/** A target that several faults hit counts once. */
function countTargets(changes: readonly PlannedReach[]): number {
  return new Set(changes.map(({ target }) => `${target.place} ${target.id}`)).size
}

function lasting({ mustExpire }: Policy, changes: readonly PlannedReach[]): Breach[] {
  if (!mustExpire?.value) return []
  const stay = changes.filter(({ undoes, expires }) => undoes !== '' && !expires).map(({ key }) => key)
  return stay.length > 0 ? [{ rule: 'mustExpire', path: [], why: `${stay.join(', ')} would stay if all of Squall were killed` }] : []
}
