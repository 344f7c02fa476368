/** Makes the network of this machine slow, narrow or lossy: what happens to packets. */
import { SquallError } from '../../errors.ts'
import { wallMs } from '../../system/clock.ts'
import type { Injector, Json, Look } from '../injector.ts'
import { stepOf } from '../packets/command.ts'
import { devicesFor, type Link } from '../packets/devices.ts'
import { changeLoss, injectLoss, type LossPlan, lossCommands, lossPlan, seeLoss, undoLoss } from '../packets/loss.ts'
import { packetNames } from '../packets/names.ts'
import { hasEgress, hasNetem, withoutNetem } from '../packets/netem.ts'
import { entering, type Netns, netnsKey } from '../packets/netns.ts'
import { lossSeen, shapeSeen } from '../packets/seen.ts'
import { changeShape, injectShape, type ShapePlan, seeShape, shapeCommands, shapePlan, undoShape } from '../packets/shape.ts'
import { needsNetem, onlyLoss, type PacketSpec, packetSpec, packetWords } from '../packets/spec.ts'
import { type PacketTarget, packetNarrows, packetTarget } from './packet-target.ts'

interface NetworkState {
  asked: PacketSpec
  netns: Netns | null
  expiresAt: number
  /** By nft, where nothing but loss is asked for. */
  loss?: LossPlan
  /** By tc; beside `loss`: what comes in several packets at once is cut into them first. */
  shape?: ShapePlan
}

export const network: Injector<PacketSpec, Json> = {
  type: 'network',
  places: ['host'],
  narrows: packetNarrows,
  dials: ['delay', 'loss', 'bandwidth'],
  settle: '500ms',
  get spec() {
    return packetSpec() as Injector<PacketSpec>['spec']
  },
  needs: (spec, target) => [
    { command: 'ip' },
    ...(onlyLoss(spec) ? [{ command: 'nft' }] : []),
    { command: 'tc' },
    { capability: 'CAP_NET_ADMIN' },
    ...(target?.narrowing.netns === undefined ? [] : [{ command: 'nsenter' }]),
    ...(needsNetem(spec) ? [{ netem: true } as const] : []),
  ],
  async plan(asked, target, context) {
    const at = await packetTarget(target)
    const state = await planned(asked, at, context.mark, context.deadline)
    const { direction = 'out' } = asked
    const way = { out: `what goes to ${at.words}`, in: `what comes from ${at.words}`, both: `to and from ${at.words}` }[direction]
    const links = state.links.map(({ name }) => name).toSorted()
    return {
      state: state.state as unknown as Json,
      does: [`${packetWords(asked).join(', ')}: ${way} (${links.join(', ')})`, ...at.spares].join('; '),
      undoes: `take it away at ${links.join(', ')}`,
      steps: commandsOf(state.state).map((one) => stepOf(one, entering(at.netns) ?? [])),
      lock: `qdisc:${netnsKey(at.netns)}:${links.join('+')}`,
      ...(state.state.loss && { expires: `after ${secondsLeft(state.state)} s` }),
      hits: at.spares,
    }
  },
  async inject(json, { mark, signal }) {
    const state = json as unknown as NetworkState
    const { asked, netns, loss, shape } = state
    if (shape) await injectShape(shape, asked, netns, mark, signal)
    if (loss) await injectLoss(loss, asked.loss ?? 0, secondsLeft(state), netns, mark, signal)
  },
  async adjust(json, dose) {
    const { asked, netns, loss, shape } = json as unknown as NetworkState
    const moved = { ...asked, ...Object.fromEntries(Object.entries(dose).filter(([name]) => name in asked)) }
    if (loss) return changeLoss(loss, moved.loss ?? 0, netns)
    if (shape) await changeShape(shape, moved, netns)
  },
  async rollback(json) {
    const { netns, loss, shape } = json as unknown as NetworkState
    if (loss) await undoLoss(loss, netns)
    if (shape) await undoShape(shape, netns)
  },
  async look(json): Promise<Look> {
    const { netns, loss, shape } = json as unknown as NetworkState
    const trees = shape ? await seeShape(shape, netns) : []
    if (!loss) return shapeSeen(trees)
    const seen = lossSeen(await seeLoss(loss, netns))
    return seen.active || !trees.some(Boolean) ? seen : { active: true, seen: 'nothing is lost any more, what leads to it is still there' }
  },
}

async function planned(asked: PacketSpec, at: PacketTarget, mark: string, deadline: Date) {
  const names = packetNames(mark)
  const { netns, flows, spare, link } = at
  const { direction = 'out' } = asked
  const links = await devicesFor(flows, link, netns)
  const state: NetworkState = { asked, netns, expiresAt: deadline.getTime() }
  if (onlyLoss(asked) && (await byNft(direction, links))) {
    const table = { table: names.table, direction, spare, ...(flows && { flows }), ...(link !== undefined && { interfaces: [link] }) }
    const loss = lossPlan(table, names.link, links)
    const incoming = direction === 'out' ? [] : links.filter(({ name }) => name !== 'lo')
    const shape = await shapePlan({
      names: { ...names, link: `${names.link}i` },
      direction: 'in',
      spare,
      links: incoming,
      netns,
      onlyCut: true,
      ...(flows && { flows }),
    })
    if ('refused' in shape) throw new SquallError('fault-failed', shape.refused)
    return { state: { ...state, loss, ...(incoming.length > 0 && { shape }) }, links }
  }
  // Refused before anything begins rather than when it is to be injected.
  if (needsNetem(asked) && process.getuid?.() === 0 && !(await hasNetem())) throw new SquallError('fault-not-available', withoutNetem)
  const shape = await shapePlan({ names, direction, spare, links, netns, ...(flows && { flows }) })
  if ('refused' in shape) throw new SquallError('fault-failed', shape.refused)
  if (shape.trees.length > 1 && asked.duplicate !== undefined)
    throw new SquallError('fault-failed', 'the kernel refuses duplicate where another netem is in the same tree: name another interface')
  return { state: { ...state, shape }, links }
}

/** Rather by nft, which ends by itself; where it can't, netem does it. @throws SquallError where neither is there */
async function byNft(direction: string, links: readonly Link[]): Promise<boolean> {
  if (direction === 'in' || links.every(({ name }) => name === 'lo') || (await hasEgress())) return true
  if (await hasNetem()) return false
  throw new SquallError('fault-failed', `loss of what leaves is not possible here: nft has no egress hook, and ${withoutNetem}`)
}

function commandsOf(state: NetworkState) {
  const { asked, loss, shape } = state
  return [...(shape ? shapeCommands(shape, asked) : []), ...(loss ? lossCommands(loss, asked.loss ?? 0, secondsLeft(state)) : [])]
}

function secondsLeft({ expiresAt }: NetworkState): number {
  return Math.max(1, Math.ceil((expiresAt - wallMs()) / 1000))
}
