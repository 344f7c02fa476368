/** Faults against each other and against what is measured. */
import { isDeepStrictEqual } from 'node:util'
import type { DocumentCatalogue } from './document-catalogue.ts'
import type { Experiment, Fault, Pick, TargetSpec } from './experiment.ts'
import { faultEntry } from './fault-entry.ts'
import type { Collector } from './problems.ts'
import { quote } from './quantity.ts'

/** Adds an error for faults that are sure to want the same thing, and warnings for what may go wrong. */
export function checkFaults(collect: Collector, experiment: Experiment, catalogue: DocumentCatalogue): void {
  const { faults } = experiment
  const holds = (fault: Fault): string | undefined => faultEntry(catalogue.faults, fault.type, fault.target?.place)?.holds
  faults.forEach((fault, index) => {
    const part = holds(fault)
    const other = part === undefined ? undefined : faults.slice(0, index).find((one) => holds(one) === part && sameTargets(one, fault))
    if (part !== undefined && other) checkCollision(collect, [other, fault], part, index)
  })
  checkPrimary(collect, experiment)
  checkExpiry(collect, experiment)
}

/** What programs of the author do is known to nobody else: in production they must say how it ends when all of Squall is dead. */
function checkExpiry(collect: Collector, { environment, faults }: Experiment): void {
  if (environment !== 'production') return
  faults.forEach((fault, index) => {
    if (fault.type !== 'command' || fault.spec.expires !== undefined) return
    collect.add(['faults', index], 'expires-missing', 'in production a command needs the key “expires”', {
      fix: 'let what inject does end by itself, and say when: expires: after 60s',
    })
  })
}

function sameTargets({ target: one }: Fault, { target: other }: Fault): boolean {
  return one?.place === other?.place && isDeepStrictEqual(one?.query, other?.query)
}

/** Of the targets that one query finds, each fault takes its own choice: only when one takes all of them is it certain that they meet. */
function checkCollision(collect: Collector, [first, second]: readonly [Fault, Fault], part: string, index: number): void {
  const alone = second.target?.place === 'host' || second.target?.place === 'proxy' // A name means exactly one of these.
  const certain = alone || [first, second].some(({ target }) => target && takesAll(target.pick))
  const names = `${quote(first.name)} and ${quote(second.name)}`
  const what = second.target?.place === part ? `the same ${part}` : `the ${part} of the same ${second.target?.place}`
  const fix = 'keep one of them, or give them different targets'
  const message = certain
    ? `${names} change ${what}, which one fault holds for the whole run`
    : `${names} may change ${what}: when both choose the same one, the run is refused`
  collect.add(['faults', index, 'target'], 'faults-collide', message, { fix, severity: certain ? 'error' : 'warning' })
}

function takesAll(pick: Pick): boolean {
  return 'all' in pick || ('share' in pick && pick.share === 1)
}

/** A stopped primary that comes back may leave two of them: only a measure can tell. */
function checkPrimary(collect: Collector, { faults, measures }: Experiment): void {
  if (measures.some(({ name, query }) => name === 'primaries' || query === 'primaries')) return
  faults.forEach((fault, index) => {
    if (!['stop', 'kill', 'pause'].includes(fault.type) || !fault.target || !isPrimary(fault.target)) return
    collect.add(
      ['faults', index, 'target'],
      'primary-unwatched',
      'nothing watches how many primaries there are: after the rollback it may be none, or two',
      { severity: 'warning', fix: 'write primaries: { from: SOURCE, max: 1, min: { baseline: 1, recovery: 1 } }' },
    )
  })
}

function isPrimary({ place, query, narrowing }: TargetSpec): boolean {
  if (place === 'database') return narrowing.role !== 'replica'
  const words = [query.name, query.command, ...Object.values(query.labels ?? {})]
  return words.some((word) => word !== undefined && /(?:^|[^a-z])(?:primary|master)(?![a-z])/i.test(word))
}
