/** Where a tree of ours can go without taking anything away: the kernel's default is taken, below somebody else's it nests, else it is refused. */
import type { Qdisc, TrafficClass } from './devices.ts'

export type Attach = { parents: string[] } | { refused: string }

/** As many trees of ours as a fault has handles for. */
export const mostTrees = 4

export function attachAt(device: string, qdiscs: readonly Qdisc[], classes: readonly TrafficClass[]): Attach {
  const root = qdiscs.find((qdisc) => qdisc.root)
  if (!root || root.handle === '0:') return { parents: ['root'] }
  if (/^51[0-9a-f]{2}:$/.test(root.handle)) return { refused: `another fault of Squall acts at ${device}` }
  const refused = (why: string): Attach => ({ refused: `${why}: what somebody has set up is not replaced; name another interface` })
  const leaves = classes.filter(({ handle }) => belongsTo(handle, root) && !classes.some(({ parent }) => parent === handle))
  // The kernel lists the one class of a netem only while something is below it.
  if (leaves.length === 0 && root.kind === 'netem') return { parents: [`${root.handle}1`] }
  if (leaves.length === 0) return refused(`${device} has ${root.kind} ${root.handle} at its root, which has no classes`)
  if (leaves.length > mostTrees)
    return refused(`${root.kind} ${root.handle} at ${device} has ${leaves.length} classes, more than ${mostTrees}`)
  const taken = leaves.find(({ leaf }) => leaf !== undefined && isSomebodys(leaf, qdiscs))
  if (taken) return refused(`class ${taken.handle} at ${device} has ${kindOf(taken.leaf, qdiscs)} ${taken.leaf} below it`)
  return { parents: leaves.map(({ handle }) => handle) }
}

function belongsTo(handle: string, { handle: root }: Qdisc): boolean {
  return handle.startsWith(root) && handle !== root
}

/** prio and others give their bands a queue of the kernel’s own, which comes back by itself. */
function isSomebodys(leaf: string, qdiscs: readonly Qdisc[]): boolean {
  const found = qdiscs.find(({ handle }) => handle === leaf)
  return leaf !== '0:' && !(found === undefined || (/^[89a-f][0-9a-f]{3}:$/.test(found.handle) && found.kind === 'pfifo'))
}

function kindOf(leaf: string | undefined, qdiscs: readonly Qdisc[]): string {
  return qdiscs.find(({ handle }) => handle === leaf)?.kind ?? 'something'
}
