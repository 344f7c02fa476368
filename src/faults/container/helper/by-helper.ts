/**
 * A fault at a container that a helper container makes, where the engine has the image of helpers: it applies, waits, and reverts by itself,
 * on whatever machine the engine is. Where there is no such image the fault is made from outside, which needs root on the engine's machine.
 */
import { SquallError } from '../../../errors.ts'
import { monotonicMs, sleep, wallMs } from '../../../system/clock.ts'
import type { Change, Context, Injector, Json, Look, Target } from '../../injector.ts'
import { expiresIn } from '../../stressor.ts'
import { type Asked, askFor, isAskedHere, mayArrive, notAsked } from '../asking.ts'
import { type Engine, EngineError, isGone } from '../engine.ts'
import { type ContainerPlace, engineOf, inspect, inspectRunning, placeOf } from '../inspect.ts'
import { narrowingOf } from '../packet-target.ts'
import {
  askHelper,
  type HelperPlace,
  holders,
  lastLine,
  removeUnstarted,
  startHolder,
  stopHelper,
  tellDose,
  waitForLine,
} from './helper-container.ts'
import { imageAt } from './image.ts'
import type { HelperTask, KernelCan } from './task.ts'

type HelperState = Asked & {
  helper: { image: string; type: string; in: Where; kernel: KernelCan | null }
  place: ContainerPlace
  /** When the container had started, as the engine writes it: after another start its network and its cgroup are others. */
  startedAt: string
  /** ms since the epoch. */
  expiresAt: number
  /** The fault's own, as planned where it will act. */
  state: Json
}

/** Faults that were seen to stand, made by this process and not undone by it: without a helper they have ended by themselves. */
const standing = new Set<string>()

/** What each engine's kernel can do to packets. */
const kernels = new Map<string, KernelCan>()

/** ms of one try: a rollback call may take 30 s, and is called again. */
const longestTry = 22_000

/** `network`: it acts on packets; `name`: it counts as the container's own. */
type Where = 'network' | 'name'

/** @param asksKernel whether the kernel has to be tried first, which takes another helper */
export function byHelper<Spec, State extends Json>(
  outside: Injector<Spec, State>,
  where: Where,
  asksKernel: (spec: Spec) => boolean = () => false,
): Injector<Spec, State | Json> {
  const helped = (state: State | Json): HelperState | null =>
    state !== null && typeof state === 'object' && 'helper' in state ? (state as unknown as HelperState) : null
  const own = (context: Context<State | Json>): Context<State> => context as unknown as Context<State>
  const theirs = (context: Context<State | Json>): Context<HelperState> => context as unknown as Context<HelperState>
  return {
    ...outside,
    get spec() {
      return outside.spec
    },
    patience: { inject: '60s', rollback: '30s', ...outside.patience },
    needs: (spec, target) => [{ docker: true }, { helper: outside.needs(spec, target).filter((need) => !('docker' in need)) }],
    async plan(spec, target, context) {
      const place = placeOf(target)
      const image = await imageAt(engineOf(place))
      if (image === null) return (await outside.plan(spec, target, own(context))) as Change<State | Json>
      const wanted = { type: outside.type, where, image, place, spec: spec as Json, target, asksKernel: asksKernel(spec) }
      return (await planned(wanted, theirs(context))) as Change<Json>
    },
    inject(state, context) {
      const known = helped(state)
      return known ? begin(known, theirs(context)) : outside.inject(state as State, own(context))
    },
    ...(outside.adjust && {
      adjust(state, dose, context) {
        const known = helped(state)
        if (!known) return outside.adjust?.(state as State, dose, own(context)) ?? Promise.resolve()
        return move(known, dose as Record<string, number>, theirs(context))
      },
    }),
    rollback(state, context) {
      const known = helped(state)
      return known ? undo(known, theirs(context)) : outside.rollback(state as State, own(context))
    },
    look(state, context) {
      const known = helped(state)
      return known ? see(known, theirs(context)) : outside.look(state as State, own(context))
    },
  }
}

interface Wanted {
  type: string
  where: Where
  image: string
  place: ContainerPlace
  spec: Json
  target: Target
  asksKernel: boolean
}

async function planned(wanted: Wanted, context: Context<HelperState>): Promise<Change<HelperState>> {
  const { type, where, image, place, spec, target } = wanted
  const engine = engineOf(place)
  // Side by side: through a slow tunnel each question takes seconds.
  const [{ State }, kernel, narrowing] = await Promise.all([
    inspectRunning(place),
    wanted.asksKernel ? kernelOf(engine, image) : null,
    where === 'network' ? narrowingOf(target) : null,
    removeUnstarted(engine),
  ])
  const facts = narrowing ? { narrowing: narrowing as unknown as Json, inside: true } : { ...target.facts, firstPid: State.Pid }
  const lasts = Math.max(0, context.deadline.getTime() - wallMs())
  const about = { type, mark: context.mark, lasts, ...(kernel && { kernel }) }
  const at = placeIn(where, place)
  const line = await askHelper(engine, image, at, { do: 'plan', spec, target: { ...target, facts }, ...about }, context.mark)
  if (!('planned' in line)) throw new SquallError('fault-failed', 'a helper container was asked for a plan and answered something else')
  const { steps = [], does, undoes, lock, hits } = line.planned
  const expiresAt = context.deadline.getTime()
  const sight = where === 'network' ? `in the network of ${place.name}` : "in sight of its machine's processes and cgroups"
  return {
    state: {
      ...notAsked,
      helper: { image, type, in: where, kernel },
      place,
      startedAt: State.StartedAt,
      expiresAt,
      state: line.planned.state,
    },
    does: `${does}; by a helper container ${sight}`,
    undoes: `${undoes}, by the same helper, which then ends`,
    steps: [{ does: `start a container of ${image}, ${sight}`, undoes: 'stop it: it undoes what it did' }, ...steps],
    ...(lock !== undefined && { lock }),
    expires: expiresIn(expiresAt),
    ...(hits && { hits }),
  }
}

function placeIn(where: Where, place: ContainerPlace): HelperPlace {
  return where === 'network' ? { in: 'network', container: place.id } : { in: 'name' }
}

async function kernelOf(engine: Engine, image: string): Promise<KernelCan> {
  const before = kernels.get(engine.address.url)
  if (before) return before
  const line = await askHelper(engine, image, { in: 'nowhere' }, { do: 'kernel' }, 'probe/kernel')
  if (!('kernel' in line)) throw new SquallError('fault-failed', 'a helper container was asked for its kernel and answered something else')
  kernels.set(engine.address.url, line.kernel)
  return line.kernel
}

function taskOf(state: HelperState, what: 'hold' | 'undo' | 'look', mark: string): HelperTask {
  const { type, kernel } = state.helper
  const lasts = Math.max(0, state.expiresAt - wallMs())
  return { do: what, state: state.state, type, mark, lasts, ...(kernel && { kernel }) }
}

async function begin(state: HelperState, context: Context<HelperState>): Promise<void> {
  const { place, helper } = state
  const engine = engineOf(place)
  const found = await inspect(place)
  if (found?.State.StartedAt !== state.startedAt || !found.State.Running)
    throw new Error(`the container ${place.name} has ended or was started again`)
  let [id] = (await holders(engine, context.mark)).map((one) => one.id)
  if (id === undefined)
    await askFor(state, context, async () => {
      id = await startHolder(engine, helper.image, placeIn(helper.in, place), taskOf(state, 'hold', context.mark), context.mark)
    })
  // What it could not do it has undone before it says so, and ends.
  await waitForLine(engine, id as string, (line) => 'look' in line, context.signal)
  standing.add(context.mark)
}

async function move(state: HelperState, dose: Record<string, number>, context: Context<HelperState>): Promise<void> {
  const engine = engineOf(state.place)
  const holder = (await holders(engine, context.mark)).find(({ running }) => running)
  if (!holder) throw new Error('the helper container that holds the fault is gone')
  await tellDose(engine, holder.id, dose, context.signal)
}

async function undo(state: HelperState, context: Context<HelperState>): Promise<void> {
  standing.delete(context.mark)
  const engine = engineOf(state.place)
  const end = monotonicMs() + longestTry
  let asked = state.askedAt !== null || isAskedHere(context)
  let undone = false
  for (;;) {
    const found = await holders(engine, context.mark)
    for (const one of found) undone = await stopHelper(engine, one)
    asked ||= found.length > 0
    if (found.length === 0 && !mayArrive(state, context)) break
    if (monotonicMs() > end) throw new Error('a helper container may still be on its way into the engine')
    if (found.length === 0) await sleep(200)
  }
  // Killed, or gone before anybody could ask it: what it may have left is undone by another.
  if (asked && !undone) await askOther(state, 'undo', context)
}

async function see(state: HelperState, context: Context<HelperState>): Promise<Look> {
  const { place } = state
  const engine = engineOf(place)
  const [helpers, found] = await Promise.all([holders(engine, context.mark), inspect(place)])
  const holder = helpers.find(({ running }) => running)
  const line = holder ? (await lastLine(engine, holder.id)).line : null
  const ended = !found?.State.Running || found.State.StartedAt !== state.startedAt
  const died = ended ? `the container ${place.name} ended, or was started again, while the fault stood` : undefined
  if (line && 'error' in line) throw new Error(line.error.message)
  if (line && 'look' in line) return ended ? { ...line.look, seen: `${line.look.seen}; ${died}` } : line.look
  if (holder) return { active: true, seen: 'its helper container runs and has said nothing yet' }
  const wasStanding = standing.has(context.mark)
  if (ended) return { active: false, seen: `the container ${place.name} does not run as it did`, ...(wasStanding && died && { died }) }
  if (state.askedAt === null && !wasStanding && !isAskedHere(context)) return { active: false, seen: 'no helper container runs' }
  const look = await askOther(state, 'look', context)
  if (!look) return { active: false, seen: `the container ${place.name} does not run` }
  if (look.active) return { ...look, seen: `${look.seen}; its helper container is gone` }
  return { ...look, ...(wasStanding && !look.died && { died: 'its helper container ended' }) }
}

/** Null: the container does not run, and what was in its network or its name went with it. */
async function askOther(state: HelperState, what: 'undo' | 'look', context: Context<HelperState>): Promise<Look | null> {
  const { helper, place } = state
  const found = await inspect(place)
  if (!found?.State.Running || found.State.StartedAt !== state.startedAt) return null
  try {
    const task = taskOf(state, what, context.mark)
    const line = await askHelper(engineOf(place), helper.image, placeIn(helper.in, place), task, context.mark)
    return 'look' in line ? line.look : null
  } catch (error) {
    if (error instanceof EngineError && !isGone(error) && !(await inspect(place))?.State.Running) return null
    throw error
  }
}
