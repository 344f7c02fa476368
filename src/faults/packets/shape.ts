/** A tree of ours at every place where the packets pass: putting it there, moving its dials, taking it away, seeing it. */

import { attachAt } from './attach.ts'
import type { Command, Reversible } from './command.ts'
import { classesAt, type Link, linksOf, type Qdisc, qdiscsAt } from './devices.ts'
import { handleText, type PacketNames } from './names.ts'
import type { Netns } from './netns.ts'
import { applyAll, askJson, tryCommand, undoAll } from './run.ts'
import type { PacketSpec } from './spec.ts'
import { ingressTo, type TcPlace, treeAt } from './tc.ts'
import { everything, type Flow } from './to.ts'

export interface ShapePlan {
  /** On the way out. */
  trees: TcPlace[]
  /** On the way in: `link` is ours and has a tree; `had`: an ingress was there before. */
  ingress: { place: TcPlace; link: string; had: boolean }[]
  /** Devices at which nothing may wait, as a container's: the kernel gives them a length when a queue comes, and does not take it back. */
  queueless?: string[]
}

export interface ShapeAsked {
  names: PacketNames
  direction: 'out' | 'in' | 'both'
  flows?: readonly Flow[]
  spare: readonly Flow[]
  links: readonly Link[]
  netns: Netns | null
  onlyCut?: true
}

/** Where it goes, or why it can't. */
export async function shapePlan({
  names,
  direction,
  flows,
  spare,
  links,
  netns,
  onlyCut,
}: ShapeAsked): Promise<ShapePlan | { refused: string }> {
  const queueless = links.filter(({ queue }) => queue === 0).map(({ name }) => name)
  const plan: ShapePlan = { trees: [], ingress: [], queueless }
  for (const [index, { name: device, mtu, speed }] of links.entries()) {
    const common = { device, mtu, speed, pref: names.pref, flows: flows ?? everything, spare, ...(onlyCut && { onlyCut }) }
    const qdiscs = (await qdiscsAt(device, netns)) ?? []
    if (direction !== 'in') {
      const attach = attachAt(device, qdiscs, await classesAt(device, netns))
      if ('refused' in attach) return attach
      for (const [n, parent] of attach.parents.entries())
        plan.trees.push({ ...common, parent, handle: names.handle + 4 * n, side: 'destination' })
    }
    if (direction !== 'out') {
      const had = qdiscs.some(({ kind }) => kind === 'ingress' || kind === 'clsact')
      const link = links.length === 1 ? names.link : `${names.link}${index}`
      plan.ingress.push({ place: { ...common, parent: 'root', handle: names.handle, side: 'source' }, link, had })
    }
  }
  return plan
}

/** What the kernel makes of a length of 0 when a queue is put there. */
const kernelsLength = 1_000

function lengthAt(device: string, packets: number): Command {
  return { argv: ['ip', 'link', 'set', device, 'txqueuelen', String(packets)] }
}

export function shapeCommands({ trees, ingress, queueless = [] }: ShapePlan, spec: PacketSpec): Reversible[] {
  const incoming = ingress.flatMap(({ place, link, had }) => {
    const [made, up, ...rest] = ingressTo(place, link, had)
    const { flows: _, spare: __, ...onLink } = place
    // The tree first: nothing is led there before it stands.
    return [made, up, ...treeAt({ ...onLink, device: link }, spec).map((one) => ({ ...one, undo: null })), ...rest].filter(
      (one) => one !== undefined,
    )
  })
  const lengths = queueless.map((device) => ({ do: lengthAt(device, kernelsLength), undo: lengthAt(device, 0) }))
  return [...trees.flatMap((place) => treeAt(place, spec)), ...incoming, ...lengths]
}

export async function injectShape(
  plan: ShapePlan,
  spec: PacketSpec,
  netns: Netns | null,
  mark: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await seeShape(plan, netns)).some(Boolean)) await undoShape(plan, netns) // Asked twice, or half done.
  await applyAll(shapeCommands(plan, spec), netns, mark, signal)
}

/** By our own handles, filters and names alone. An ingress of ours in which somebody has put something meanwhile stays. */
export async function undoShape(plan: ShapePlan, netns: Netns | null): Promise<void> {
  await shortenQueues(plan, netns)
  const isApart = ({ do: { argv } }: Reversible): boolean =>
    argv.includes('txqueuelen') || (argv.includes('qdisc') && argv.at(-1) === 'ingress')
  await undoAll(
    shapeCommands(plan, { delay: 0 }).filter((one) => !isApart(one)),
    netns,
  )
  for (const { place, had } of plan.ingress) {
    if (had) continue
    const left = await askJson<unknown[]>(['tc', '-j', 'filter', 'show', 'dev', place.device, 'ingress'], netns).catch(() => [null])
    if (left?.length === 0) await tryCommand({ argv: ['tc', 'qdisc', 'del', 'dev', place.device, 'ingress'] }, netns)
  }
}

/**
 * While the tree is still there: as long as it is the fault is seen to be there, so an undo that was cut short is done again. A length that
 * somebody else has set stays.
 * @throws when one can't be put back
 */
async function shortenQueues({ queueless = [] }: ShapePlan, netns: Netns | null): Promise<void> {
  if (queueless.length === 0) return
  const now = await linksOf(netns)
  for (const device of queueless.filter((name) => now.find((link) => link.name === name)?.queue === kernelsLength)) {
    const ran = await tryCommand(lengthAt(device, 0), netns)
    if (!ran.ok && !ran.gone && !/Cannot find device/.test(ran.why)) throw new Error(`ip link set ${device}: ${ran.why}`)
  }
}

/** The same tree with other numbers, each part changed in place. */
export async function changeShape(plan: ShapePlan, spec: PacketSpec, netns: Netns | null): Promise<void> {
  for (const { do: command } of shapeCommands(plan, spec)) {
    const { argv } = command
    if (argv[0] !== 'tc' || argv[1] !== 'qdisc' || !(argv.includes('netem') || argv.includes('tbf'))) continue
    const ran = await tryCommand({ argv: ['tc', 'qdisc', 'change', ...argv.slice(3)] }, netns)
    if (!ran.ok) throw new Error(`tc: ${ran.why}`)
  }
}

/** For each tree its parts; null: it is not there. @throws when it can't be told */
export async function seeShape({ trees, ingress }: ShapePlan, netns: Netns | null): Promise<(Qdisc[] | null)[]> {
  const places = [...trees, ...ingress.map(({ place, link }) => ({ ...place, device: link }))]
  return Promise.all(
    places.map(async ({ device, handle }) => {
      const handles = [0, 1, 2, 3].map((n) => handleText(handle + n))
      const found = (await qdiscsAt(device, netns))?.filter((one) => handles.includes(one.handle)) ?? []
      return found.some((one) => one.handle === handles[0]) ? found : null
    }),
  )
}
