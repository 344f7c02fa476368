/** The fault phase: what begins and ends when, by the timeline, until the phase is over, a fault failed or the run was stopped. */
import type { Experiment } from '../document/experiment.ts'
import { endStates } from '../guardian/protocol.ts'
import type { ChangeState } from '../records/run-data.ts'
import { sleep } from '../system/clock.ts'
import type { Guarded } from './arm.ts'
import type { FaultControl } from './fault-control.ts'
import type { Stopper } from './stopper.ts'
import { type TimelineEvent, timelineOf } from './timeline.ts'

export interface FaultPhaseInput {
  experiment: Experiment
  stopper: Stopper
  guarded: Pick<Guarded, 'control' | 'fail'>
  /** ms since the run's start. */
  at(): number
  /** Called once with the moment at which the phase has begun: the first `injecting`, or now when the first fault comes later. */
  begin(from: number): void
}

/** Ends a repetition may have for the next one to begin: all of it is gone for certain. */
const cleanEnds: readonly ChangeState[] = ['verified', 'nothing to undo']

/** Injections come one after the other; an injection that is slow keeps no other fault from ending in time, nor the phase. */
export async function faultPhase(input: FaultPhaseInput): Promise<void> {
  const { experiment, stopper, guarded, at } = input
  const timeline = timelineOf(experiment)
  const closing = new AbortController()
  const isOver = (): boolean => closing.signal.aborted || stopper.abort !== null
  const closed = new Promise<null>((resolve) => closing.signal.addEventListener('abort', () => resolve(null), { once: true }))
  const pause = (ms: number): Promise<unknown> => stopper.orStop(sleep(ms, closing.signal))
  let start: number | null = null
  const begin = (from: number): void => {
    if (start === null) input.begin(from)
    start ??= from
  }
  const fail = (code: string, message: string): void => {
    guarded.fail({ code, message })
    closing.abort()
  }
  /** True when the moment has come; false when the phase is over before. */
  const reached = async (event: TimelineEvent): Promise<boolean> => {
    while (!isOver() && start === null) await pause(10)
    while (!isOver() && at() < (start ?? 0) + event.at) await pause((start ?? 0) + event.at - at())
    return !isOver()
  }

  const asked = new Set<string>()
  async function inject({ fault, round }: TimelineEvent): Promise<void> {
    asked.add(`${fault} ${round}`)
    const refusal = await Promise.race([stopper.orStop(guarded.control.inject(fault)), closed])
    if (guarded.control.firstInjectingAt !== null) begin(guarded.control.firstInjectingAt)
    if (!isOver() && refusal) fail(refusal.code, `${fault}: ${refusal.message}`)
  }
  async function injectAll(): Promise<void> {
    const events = timeline.filter((event) => event.do === 'inject')
    if ((events[0]?.at ?? 0) > 0) begin(at())
    for (const [index, event] of events.entries()) {
      const first = index === 0 && event.at === 0 // The phase begins with it.
      if (!first && !(await reached(event))) return
      const obstacle = event.round === 0 ? null : await untilGone(guarded.control, event.fault, isOver)
      if (isOver()) return
      if (obstacle) return fail('fault-failed', `${event.fault} does not begin again: ${obstacle}`)
      if (start !== null && at() >= start + event.until)
        return fail('fault-failed', `${event.fault} could not begin before its time was over: what came before it took too long`)
      await inject(event)
      if (isOver()) return
    }
  }
  async function endAll(): Promise<void> {
    for (const event of timeline) {
      if (event.do !== 'rollback') continue
      if (!(await reached(event))) return
      if (asked.has(`${event.fault} ${event.round}`)) guarded.control.rollBack([event.fault], 'its time is over')
    }
  }
  async function watch(): Promise<void> {
    while (!isOver() && (start === null || at() < start + experiment.phases.fault)) {
      const ended = guarded.control.changes().find((change) => change.diedByItself !== undefined)
      if (ended) return fail('fault-failed', `${ended.fault}: ${ended.diedByItself}`)
      await pause(start === null ? 10 : Math.min(200, start + experiment.phases.fault - at()))
    }
    closing.abort()
  }
  await Promise.all([injectAll(), endAll(), watch()])
}

/** Waits until the last time of a fault has come to its end. Why it may not begin again, or null. */
async function untilGone(control: FaultControl, fault: string, given: () => boolean): Promise<string | null> {
  for (;;) {
    const states = control.states(fault)
    const bad = states.find((state) => state === 'stuck' || (endStates.has(state) && !cleanEnds.includes(state)))
    if (bad) return `the last time ended as ${bad}`
    if (given() || states.every((state) => endStates.has(state))) return null
    await sleep(20)
  }
}
