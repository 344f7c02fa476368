/**
 * Loss alone, without netem and ended by the kernel itself. What leaves is lost at the device, unseen by the sender, packet by packet of the
 * wire: the kernel must not send many in one piece meanwhile. What comes, or stays on this machine, is lost where it is taken in.
 */
import type { Command, Reversible } from './command.ts'
import { type Link, linksOf } from './devices.ts'
import type { Netns } from './netns.ts'
import { inetTable, lossAtDevice, lossRules, type NftPlan } from './nft.ts'
import { type SeenTable, seeTable } from './nft-look.ts'
import { applyAll, tryCommand, undoAll } from './run.ts'

export interface LossPlan {
  nft: Omit<NftPlan, 'seconds' | 'end'>
  /** An interface of ours that stays down: what is sent there vanishes. */
  link: string
  /** By which the packets leave, with the setting that is changed meanwhile. */
  devices: { name: string; gsoSegments: number }[]
}

export function lossPlan(nft: LossPlan['nft'], link: string, devices: readonly Link[]): LossPlan {
  const outside = nft.direction === 'in' ? [] : devices.filter(({ name }) => name !== 'lo')
  return {
    nft: { ...nft, outAtDevice: true },
    link,
    devices: outside.map(({ name, gsoSegments }) => ({ name, gsoSegments })),
  }
}

export function lossCommands({ nft, link, devices }: LossPlan, loss: number, seconds: number): Reversible[] {
  const plan = { ...nft, seconds, end: { loss } }
  const inside = inetTable(plan)
  if (devices.length === 0) return [inside]
  return [
    { do: { argv: ['ip', 'link', 'add', link, 'type', 'ifb'] }, undo: { argv: ['ip', 'link', 'del', link] } },
    ...devices.map(({ name, gsoSegments }) => ({ do: setSegments(name, 1), undo: setSegments(name, gsoSegments) })),
    lossAtDevice(
      plan,
      devices.map(({ name }) => name),
      link,
    ),
    inside,
  ]
}

function setSegments(device: string, segments: number): Command {
  return { argv: ['ip', 'link', 'set', device, 'gso_max_segs', String(segments)] }
}

export async function injectLoss(
  plan: LossPlan,
  loss: number,
  seconds: number,
  netns: Netns | null,
  mark: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await seeLoss(plan, netns)).length > 0) await undoLoss(plan, netns) // Asked twice, or half done.
  await applyAll(lossCommands(plan, loss, seconds), netns, mark, signal)
}

/**
 * What others have set meanwhile stays. The setting of the devices comes back before the tables go: as long as they are there the fault is
 * seen to be there, so an undo that was cut short is done again.
 * @throws when a setting can't be put back
 */
export async function undoLoss(plan: LossPlan, netns: Netns | null): Promise<void> {
  const now = plan.devices.length === 0 ? [] : await linksOf(netns)
  const ours = plan.devices.filter(
    ({ name, gsoSegments }) => gsoSegments !== 1 && now.find((link) => link.name === name)?.gsoSegments === 1,
  )
  for (const { name, gsoSegments } of ours) {
    const ran = await tryCommand(setSegments(name, gsoSegments), netns)
    if (!ran.ok && !ran.gone && !/Cannot find device/.test(ran.why)) throw new Error(`ip link set ${name}: ${ran.why}`)
  }
  await undoAll(
    lossCommands(plan, 1, 1).filter(({ do: { argv } }) => !argv.includes('gso_max_segs')),
    netns,
  )
}

/** Another share, in one transaction: there is no moment without. */
export async function changeLoss({ nft, link, devices }: LossPlan, loss: number, netns: Netns | null): Promise<void> {
  const changed = (family: string, rules: readonly string[]): string =>
    [`flush chain ${family} ${nft.table} act`, ...rules.map((rule) => `add rule ${family} ${nft.table} act ${rule}`), ''].join('\n')
  const input = changed('inet', lossRules(loss)) + (devices.length > 0 ? changed('netdev', lossRules(loss, link)) : '')
  const ran = await tryCommand({ argv: ['nft', '-f', '-'], input }, netns)
  if (!ran.ok) throw new Error(`nft: ${ran.why}`)
}

/** Tables that are there. @throws when it can't be told */
export async function seeLoss({ nft, devices }: LossPlan, netns: Netns | null): Promise<SeenTable[]> {
  const families = devices.length > 0 ? (['netdev', 'inet'] as const) : (['inet'] as const)
  const seen = await Promise.all(families.map((family) => seeTable(family, nft.table, netns)))
  return seen.filter((table) => table !== null)
}
