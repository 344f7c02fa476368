/** The open loop: starts each request when its time has come, whatever became of those before. Runs in the worker. */
import type { Traffic } from '../../document/experiment.ts'
import type { LiveTick } from '../../records/live-tick.ts'
import type { TrafficSecond } from '../../records/run-data.ts'
import { openConnections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { Ledger } from './ledger.ts'
import { answerRule, blame } from './outcome.ts'
import { intendedStart, mixer } from './pace.ts'
import { Seconds } from './seconds.ts'
import { Ticks } from './ticks.ts'

/** Timers come in whole ms. A request due within this is started now, and its latency counts from that true, earlier start. */
const early = 1
/** From this rate on waiting is by turning the event loop: a timer's grain would be several requests wide. */
const spinFrom = 1000
/** Own lateness above which a request is not sent any more: its latency would be ours, and a burst would not be the asked load. */
const tooLate = 1000
/** A stop of the event loop that spoils what was in flight. */
const stall = 100

export interface GeneratorOptions {
  traffic: Traffic
  /** ms since the run's start, now. */
  runClock: () => number
  runId: string
  version: string
  seed: number
  maxOpen: number
  /** Requests in all: the last one planned ends it. Default: no end. */
  most?: number
  /** The only address that names may mean; default: what they resolve to. */
  address?: string
  onSecond(second: TrafficSecond): void
  onTick(tick: LiveTick): void
  /** Before a tick: the ids that good answers have acknowledged since the last one. */
  onAcknowledged(ids: string[]): void
  onOpen(open: number): void
}

export interface Generator {
  setLatencyLimits(limits: readonly number[]): void
  /** From now on so many per second. */
  setRate(rate: number): void
  /** Plans nothing more; resolves when every request has ended. */
  stop(): Promise<void>
  /** Ends at once: seconds are handed over as they are. */
  abandon(): void
}

export function startGenerator(options: GeneratorOptions): Generator {
  const { traffic } = options
  const answer = answerRule(traffic)
  const connections = openConnections(traffic, options)
  const pick = mixer(
    traffic.requests.map((request) => request.weight),
    options.seed,
  )
  const toRun = options.runClock() - performance.now()
  /** Request number `from` is meant to start at `first`, the others by the rate since then. */
  let [first, from, rate] = [performance.now() + 2 * early, 0, traffic.rate]
  const most = options.most ?? Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const secondOf = (at: number): number => Math.floor((at + toRun) / 1000)
  const seconds = new Seconds(options.onSecond)
  const ledger = new Ledger()
  let acknowledged: string[] = []
  const ticks = new Ticks(ledger, toRun, (tick) => {
    if (acknowledged.length > 0) options.onAcknowledged(acknowledged)
    acknowledged = []
    options.onTick(tick)
  })
  let index = 0
  let open = 0
  let state: 'running' | 'stopping' | 'over' = 'running'
  let expiry: NodeJS.Timeout | undefined
  let wake = first
  let drained = (): void => {}

  const next = (): number => intendedStart(first, rate, index - from)

  function begin(intended: number, now: number): void {
    const lag = Math.max(0, now - intended)
    const second = secondOf(intended)
    seconds.planned(second, lag)
    ticks.planned(lag)
    let number = -1
    const exchange = new Exchange(Math.min(intended, now), traffic.timeout, second, answer, (ended, reason) => {
      if (state === 'over') return
      options.onOpen(--open)
      seconds.ended(ended, reason)
      ticks.ended(ended)
      ledger.ended(ended, number)
      if (ended.outcome === 'ok' && ended.acknowledged !== null) acknowledged.push(ended.acknowledged)
      if (open === 0) drained()
    })
    number = ledger.add(exchange)
    options.onOpen(++open)
    const request = connections.prepared[pick()]
    if (lag > Math.min(tooLate, traffic.timeout)) return exchange.end('notSent', 'Squall itself was too late')
    if (open > options.maxOpen) return exchange.end('notSent', `own limit of ${options.maxOpen} open requests`)
    try {
      request?.dispatch(exchange)
    } catch (error) {
      exchange.end('notSent', blame(error as Error).reason)
    }
    if (expiry === undefined) expire()
  }

  function expire(): void {
    expiry = undefined
    const due = ledger.expire(performance.now())
    if (due !== null && state !== 'over') expiry = setTimeout(expire, Math.max(1, Math.ceil(due - performance.now())))
  }

  function step(): void {
    if (state !== 'running') return
    clearTimeout(timer)
    let now = performance.now()
    if (now - wake > stall) seconds.stalled()
    for (let intended = next(); intended <= now + early && index < most; intended = next()) {
      begin(intended, now)
      index++
      now = performance.now()
    }
    if (index >= most) return void stop()
    seconds.closeBefore(Math.min(secondOf(next()), secondOf(now)))
    const wait = next() - now
    wake = now + Math.min(wait, 1000)
    if (rate >= spinFrom && wait < 2 * early) setImmediate(step)
    else timer = setTimeout(step, Math.max(1, Math.min(Math.floor(wait), 1000)))
  }

  function finish(): void {
    state = 'over'
    clearTimeout(expiry)
    options.onOpen(0)
    seconds.cutOff()
    ticks.finish()
  }

  async function stop(): Promise<void> {
    if (state !== 'running') return
    state = 'stopping'
    seconds.closeBefore(secondOf(next()) + 1)
    if (open > 0) await new Promise<void>((resolve) => (drained = resolve))
    if ((state as string) === 'over') return
    finish()
    connections.destroy()
  }

  step()
  return {
    setLatencyLimits: (limits) => ledger.watch(limits),
    setRate(wanted) {
      const now = performance.now()
      // What is due by the old rate stays due; the next one does not wait for longer than the new rate has it.
      ;[first, from, rate] = [Math.min(next(), now + 1000 / wanted), index, wanted]
      wake = Math.max(wake, now)
      step()
    },
    stop,
    abandon() {
      if (state === 'over') return
      finish()
      drained()
      connections.destroy()
    },
  }
}
