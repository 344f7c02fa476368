/** What narrows a fault on the packets of this machine: to where, by which interface, in which network namespace. */
import type * as z from 'zod/mini'
import { refusing, says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import type { Target } from '../injector.ts'
import { findNetns, isOwnNetns, type Netns } from '../packets/netns.ts'
import { type Flow, flowText, resolveTo, type To, toSchema, toText } from '../packets/to.ts'
import { protectedFlows, sparedFrom } from './protected.ts'

const linkName = text.check(
  refusing((name) =>
    /^[A-Za-z0-9][\w.@:-]{0,14}$/.test(name) ? undefined : { message: 'is no name of an interface', fix: 'write e.g. eth0' },
  ),
)
const netnsName = text.check(
  refusing((name) =>
    /^([A-Za-z0-9][\w.-]*|pid:[1-9]\d*)$/.test(name)
      ? undefined
      : { message: 'names no network namespace', fix: 'write a name of ip netns, or pid:1234' },
  ),
)

export const packetNarrows: Readonly<Record<'to' | 'interface' | 'netns', z.core.$ZodType>> = {
  to: toSchema,
  interface: says('Only this network interface.', linkName, 'eth0'),
  netns: says('The network namespace: a name of ip netns, or pid:N for that of a process.', netnsName, 'blue', 'pid:1234'),
}

export interface PacketTarget {
  netns: Netns | null
  link?: string
  /** Absent: everything, which leaves out what stays on this machine. */
  flows?: Flow[]
  spare: Flow[]
  /** What is spared, in words. */
  spares: string[]
  /** `10.0.0.5:5432 by eth0 in blue`. */
  words: string
}

/** @throws SquallError `no-target`, `target-protected` */
export async function packetTarget({ facts }: Target): Promise<PacketTarget> {
  const { to, interface: link, netns: name } = (facts.narrowing ?? {}) as { to?: To; interface?: string; netns?: string }
  if (!to && link === 'lo')
    throw new SquallError('target-protected', 'lo carries what Squall itself and much else on this machine says: name what is meant by to')
  const netns = name === undefined ? null : findNetns(name)
  const flows = to && (await resolveTo(to))
  // In a container's network there is no session of an operator and no way back of ours.
  const spared = isOwnNetns(netns) && facts.inside !== true ? sparedFrom(await protectedFlows(), to, flows) : []
  const words = [to ? toText(to) : 'everything', link && `by ${link}`, netns && `in the network namespace ${netns.name}`]
  return {
    netns,
    ...(link !== undefined && { link }),
    ...(flows && { flows }),
    spare: spared.map(({ flow }) => flow),
    spares: spared.map(({ why, flow }) => `not cut: ${why} (${flowText(flow)})`),
    words: words.filter(Boolean).join(' '),
  }
}
