/** The policy where the author of an experiment cannot lift it: in the process that makes the changes. */
import { breachText } from '../document/policy.ts'
import { SquallError } from '../errors.ts'
import { reachBreaches } from '../faults/reach.ts'
import type { ArmedFault } from './arm.ts'
import type { ArmRequest } from './protocol.ts'

/** @throws SquallError `policy` when the faults as they are planned now reach further than the environment allows */
export function mustKeepPolicy({ policy, environment }: ArmRequest, armed: readonly ArmedFault[]): void {
  const changes = armed.flatMap(({ held }) => held.flatMap(({ plan, target }) => (target ? { ...plan, target } : [])))
  const breaches = reachBreaches(policy, changes)
  if (breaches.length === 0) return
  throw new SquallError('policy', `not allowed in ${environment}: ${breaches.map((breach) => breachText(policy, breach)).join('\n  and ')}`)
}
