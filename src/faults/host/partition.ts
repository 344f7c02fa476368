/** Cuts this machine, or a network namespace on it, off from somewhere: a table of nft whose elements the kernel takes away in time. */
import * as z from 'zod/mini'
import { once, says } from '../../document/schema-types.ts'
import { wallMs } from '../../system/clock.ts'
import type { Injector, Json } from '../injector.ts'
import { stepOf } from '../packets/command.ts'
import { packetNames } from '../packets/names.ts'
import { entering, type Netns } from '../packets/netns.ts'
import { inetTable, type NftPlan } from '../packets/nft.ts'
import { seeTable } from '../packets/nft-look.ts'
import { applyAll, undoAll } from '../packets/run.ts'
import { packetNarrows, packetTarget } from './packet-target.ts'

const ends = {
  drop: 'nothing arrives',
  refuse: 'connections are refused',
  reset: 'connections are reset',
} as const

const spec = once(() =>
  z.strictObject({
    how: says(
      'What callers see. drop (the default): packets vanish. refuse: nobody listens, live connections are reset. reset: connections are made, and reset with the first byte.',
      z.optional(z.enum(['drop', 'refuse', 'reset'])),
    ),
    direction: says('both ways (the default); out: packets that leave; in: those that come.', z.optional(z.enum(['out', 'in', 'both']))),
  }),
)

interface PartitionSpec {
  how?: keyof typeof ends
  direction?: NftPlan['direction']
}

type PartitionState = { plan: Omit<NftPlan, 'seconds'>; netns: Netns | null; expiresAt: number }

export const partition: Injector<PartitionSpec, Json> = {
  type: 'partition',
  places: ['host'],
  narrows: packetNarrows,
  settle: '500ms',
  get spec() {
    return says('Cuts this machine off from somewhere.', spec()) as unknown as z.core.$ZodType<PartitionSpec>
  },
  needs: (_spec, target) => [
    { command: 'nft' },
    { capability: 'CAP_NET_ADMIN' },
    ...(target?.narrowing.netns === undefined ? [] : [{ command: 'nsenter' }]),
  ],
  async plan({ how = 'drop', direction = 'both' }, target, context) {
    const { netns, link, flows, spare, spares, words } = await packetTarget(target)
    const state: PartitionState = {
      plan: {
        table: packetNames(context.mark).table,
        end: how,
        direction,
        spare,
        ...(flows && { flows }),
        ...(link !== undefined && { interfaces: [link] }),
      },
      netns,
      expiresAt: context.deadline.getTime(),
    }
    return {
      state: state as unknown as Json,
      does: [`cut off ${words}${direction === 'both' ? '' : `, ${direction}`}: ${ends[how]}`, ...spares].join('; '),
      undoes: `let packets to ${words} through again`,
      steps: [stepOf(tableOf(state), entering(netns) ?? [])],
      expires: `after ${secondsLeft(state)} s`,
      hits: spares,
    }
  },
  async inject(json, context) {
    const state = json as unknown as PartitionState
    if (await seeTable('inet', state.plan.table, state.netns)) return // Asked twice.
    await applyAll([tableOf(state)], state.netns, context.mark, context.signal)
  },
  async rollback(json) {
    const state = json as unknown as PartitionState
    await undoAll([tableOf(state)], state.netns)
  },
  async look(json) {
    const { plan, netns } = json as unknown as PartitionState
    const table = await seeTable('inet', plan.table, netns)
    if (!table) return { active: false, seen: 'nothing is cut off' }
    if (!table.live) return { active: false, seen: 'it has ended by itself' }
    return { active: true, seen: `${table.hit} packets met it` }
  },
}

function tableOf(state: PartitionState): ReturnType<typeof inetTable> {
  return inetTable({ ...state.plan, seconds: secondsLeft(state) })
}

function secondsLeft({ expiresAt }: PartitionState): number {
  return Math.max(1, Math.ceil((expiresAt - wallMs()) / 1000))
}
