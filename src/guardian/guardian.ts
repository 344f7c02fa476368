/**
 * The guardian of one run: the only process that changes the world. It arms, injects when asked, watches each second, and rolls
 * back when asked, halted, out of time, or alone. The crash path is the daily path.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { SquallError } from '../errors.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { killByMark } from '../faults/marks.ts'
import { bootMs, sleep } from '../system/clock.ts'
import { type Lock, patientLock } from '../system/flock.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { hideValue, maskedData } from '../system/masking.ts'
import { runDir } from '../system/paths.ts'
import { aliveSame } from '../system/proc.ts'
import { endSpareChild, keepSpareChild } from '../system/spare-child.ts'
import { type ArmedFault, type Armoury, armFault, refusalOf, summaryOf } from './arm.ts'
import type { Engine, Held } from './change.ts'
import { type ControlAnswer, serveControl } from './control-socket.ts'
import { standingFlag, watchHaltFlags } from './halt-flag.ts'
import { headerOf, self } from './header.ts'
import { createJournal, type Journal } from './journal.ts'
import { markOpen, unmarkOpen } from './open-runs.ts'
import { type ArmRequest, endStates, type FromGuardian, type ToGuardian, unsettledStates } from './protocol.ts'
import { createResourceLocks } from './resource-locks.ts'
import { runFaults } from './run-faults.ts'
import { openRunProxies, type RunProxies } from './run-proxies.ts'
import { type Standby, type StandbyOrder, startStandby } from './standby.ts'
import { startWatchdogs } from './watchdogs.ts'

export interface GuardianOptions {
  injectors: readonly AnyInjector[]
  /** From the runner; its end means the runner is gone. */
  input: Readable
  output: Writable
  log(line: string): void
  /** Closes the record of a run whose runner is gone; called after the rollback. */
  closeRecord(dir: string): Promise<void>
  /** Stands in for the real one in the negative controls of the kill campaign. */
  fence?: (mark: string) => Promise<unknown>
}

/** Resolves when the run is closed and the process may end. */
export function runGuardian(options: GuardianOptions): Promise<void> {
  return new Promise((resolve) => {
    let guardian: Promise<Guardian | null> | undefined
    const onMessage = (message: ToGuardian): void => {
      if (message.say === 'arm') guardian = arm(options, message, resolve)
      else void guardian?.then((armed) => armed?.handle(message))
    }
    readMessages<ToGuardian>(options.input, onMessage, (line) => options.log(`not understood: a line of ${line.length} characters`))
    const gone = (): void => {
      if (!guardian) return resolve()
      void guardian.then((armed) => armed?.runnerGone('its pipe has ended'))
    }
    options.input.once('end', gone)
    options.input.once('error', gone)
  })
}

interface Guardian {
  handle(message: ToGuardian): void
  runnerGone(why: string): void
}

/** Null when refused: the runner has been told, nothing is held any more. */
async function arm(options: GuardianOptions, request: ArmRequest, ended: () => void): Promise<Guardian | null> {
  for (const value of Object.values(request.secrets)) hideValue(value)
  const send = (message: FromGuardian): void => sendMessage(options.output, maskedData(message))
  const dir = runDir(request.run, request.state)
  const locks = createResourceLocks()
  let lock: Lock | null = null
  let journal: Journal | null = null
  const armed: ArmedFault[] = []
  let proxies: RunProxies | null = null
  let standby: Standby | null = null
  try {
    lock = await patientLock(join(dir, 'lock'))
    if (!lock) throw new SquallError('run-locked', `the run ${request.run} has a guardian already`)
    const deadlineBoot = bootMs() + request.maxDuration
    markOpen(request.state, request.run)
    journal = await createJournal(join(dir, 'journal'), headerOf(request, deadlineBoot))
    // Before the faults: what they are planned on is there then.
    proxies = await openRunProxies({
      request,
      log: options.log,
      onDied: (dead, again, why) => send({ say: 'proxy died', dead, again, why }),
    })
    const armoury = { request, armed, injectors: options.injectors, locks, journal: () => journal, log: options.log }
    for (const fault of request.faults) armed.push(await armFault(armoury, fault))
    keepSpareChild()
    const spare = Array.from({ length: 8 }, () => openSync('/dev/null', 'r'))
    standby = needsStandby(request, armed) ? startStandby(request, standbyOrder(request, deadlineBoot), options.log) : null
    const guardian = await stand({
      options,
      request,
      dir,
      standby,
      lock,
      journal,
      armed,
      armoury,
      proxies,
      locks,
      deadlineBoot,
      spare,
      send,
      ended,
    })
    if (standby && !(await standby.ready))
      options.log('there is no standby: if guardian and runner are both killed, the next command rolls back')
    await journal.append({ is: 'run', state: 'armed' })
    send({ say: 'armed', guardian: self(), changes: armed.flatMap((fault) => fault.held.map(summaryOf)), proxies: proxies.all() })
    return guardian
  } catch (error) {
    for (const fault of armed) fault.pair.close()
    locks.releaseAll()
    await standby?.dismiss()
    await proxies?.giveUp()
    await journal?.append({ is: 'run', state: 'closed', why: (error as Error).message }).catch((why: Error) => options.log(why.message))
    if (lock) unmarkOpen(request.state, request.run, options.log)
    send({ say: 'refused', error: refusalOf(error) })
    options.output.end(ended)
    return null
  }
}

/** What ends with the guardian's own connection, or leaves nothing, needs no second one. */
function needsStandby(request: ArmRequest, armed: readonly ArmedFault[]): boolean {
  const lasts = ({ plan }: Held): boolean => plan.undoes !== '' && !plan.expires?.startsWith('at once')
  return !request.placebo && armed.some(({ held }) => held.some(lasts))
}

function standbyOrder({ runner, secrets }: ArmRequest, deadlineBoot: number): StandbyOrder {
  return { runner, guardian: self(), deadlineBoot, secrets }
}

interface Standing {
  options: GuardianOptions
  request: ArmRequest
  dir: string
  standby: Standby | null
  lock: Lock
  journal: Journal
  armed: ArmedFault[]
  armoury: Armoury
  proxies: RunProxies
  locks: ReturnType<typeof createResourceLocks>
  deadlineBoot: number
  spare: number[]
  send(message: FromGuardian): void
  ended(): void
}

async function stand(run: Standing): Promise<Guardian> {
  const { options, request, armed, journal, send } = run
  /** Set once: from then on nothing is injected, and everything is being undone. */
  let stopped: string | null = null
  let closing = false
  let runnerLost = false

  const engine: Engine = {
    journal,
    events: {
      state(held, state, why) {
        send({ say: 'change', key: held.plan.key, state, ...(why ? { why } : {}) })
        if (state === 'stuck') void closeRecordOfLostRunner() // It may stay stuck for an hour; the record must not wait.
      },
      look: (held, look, why) =>
        send({ say: 'look', key: held.plan.key, look, ...(why ? { why } : {}), ...(held.asked ? { asked: held.asked } : {}) }),
      log: options.log,
    },
    fence: async (mark) => void (await (options.fence ?? killByMark)(mark)),
    mayNotInject() {
      if (stopped || request.placebo) return stopped ?? 'this is a placebo run: nothing is injected'
      const flag = standingFlag(request.state)
      if (flag) return `halted (${flag})`
      return journal.broken ? `the journal cannot be written: ${journal.broken.message}` : null
    },
  }
  const allHeld = (): Held[] => armed.flatMap((fault) => fault.held)
  const isSettled = (): boolean => allHeld().every((held) => endStates.has(held.at))
  /** Nothing more will be tried here: what is stuck for good is left to the next sweep, which needs the lock. */
  const isOver = (): boolean => allHeld().every((held) => endStates.has(held.at) || held.givenUp === true)

  function stop(why: string, by: Extract<FromGuardian, { say: 'rolling back' }>['by'], stagger = 500): Promise<void> {
    if (!stopped) {
      stopped = why
      for (const fd of run.spare.splice(0)) closeSync(fd) // From here on descriptors may be needed for undoing.
      options.log(`rolling back: ${why}`)
      send({ say: 'rolling back', why, by })
    }
    return faults.undoAll(stagger)
  }

  function afterUndo(): void {
    if (!isOver()) return
    if (isSettled()) send({ say: 'settled' })
    if (closing || runnerLost) void finish().catch(endAnyway)
  }

  const faults = runFaults({
    engine,
    armoury: run.armoury,
    send,
    log: options.log,
    onBroken: brokenJournal,
    onUndone: afterUndo,
  })
  function brokenJournal(): void {
    if (journal.broken && !stopped) void stop(`the journal cannot be written: ${journal.broken.message}`, 'broken', 0)
  }
  function everySecond(): void {
    brokenJournal()
    faults.tick()
  }

  const watchdogs = startWatchdogs({
    heartbeatLost: request.heartbeatLost,
    deadlineBoot: run.deadlineBoot,
    onLost: () => runnerGone(`the runner has been silent for ${request.heartbeatLost / 1000} s`),
    onDeadline: () => runnerGone('the run is over its maximum duration', 'deadline'),
    onSlept: (ms) => void stop(`the machine slept for ${Math.round(ms / 1000)} s`, 'slept'),
    onSecond: everySecond,
  })
  const haltWatch = watchHaltFlags(request.state, (flag) => void stop(`halted (${flag})`, 'halt', 0))

  /** The pipe has ended, or the runner is too silent to be trusted: undo, see to it that it is gone, close its record. */
  function runnerGone(why: string, by: 'asked' | 'deadline' = 'asked'): void {
    if (runnerLost) return
    runnerLost = true
    options.input.destroy()
    if (by === 'deadline') {
      // It is there and listens: it must not take the closed pipe for our death.
      send({ say: 'rolling back', why, by })
      options.output.end()
    } else options.output.destroy()
    if (!closing) void stop(why, 'asked', 0)
    else afterUndo()
  }

  async function answer(ask: 'status' | 'rollback' | 'halt'): Promise<ControlAnswer> {
    if (ask !== 'status') {
      void stop(ask === 'halt' ? 'halted' : 'squall rollback ended it', ask === 'halt' ? 'halt' : 'operator', 0)
      // A stuck one is an answer too: it may take an hour.
      while (!allHeld().every((held) => endStates.has(held.at) || held.at === 'stuck')) await sleep(20)
    }
    const changes = allHeld().map((held) => ({ key: held.plan.key, state: held.at }))
    return { run: request.run, changes, settled: isSettled() }
  }
  const server = await serveControl(join(run.dir, 'socket'), (question) => answer(question.ask))

  let recordClosed: Promise<void> | undefined
  function closeRecordOfLostRunner(): Promise<void> {
    if (runnerLost) recordClosed ??= options.closeRecord(run.dir)
    return recordClosed ?? Promise.resolve()
  }

  /** The faults are dealt with: a defect in tidying up must not keep the lock. */
  function endAnyway(error: unknown): void {
    options.log(`defect: ${(error as Error)?.stack ?? String(error)}`)
    run.lock.release()
    run.ended()
  }

  let finished = false
  async function finish(): Promise<void> {
    if (finished) return
    finished = true
    watchdogs.stop()
    haltWatch.stop()
    if (runnerLost) await endRunner(request)
    await journal.append({ is: 'run', state: journal.broken ? 'broken' : 'closed' }).catch((error: Error) => options.log(error.message))
    if (!allHeld().some((held) => unsettledStates.has(held.at))) unmarkOpen(request.state, request.run, options.log)
    for (const fault of armed) fault.pair.close()
    run.locks.releaseAll()
    run.proxies.release()
    endSpareChild()
    await run.standby?.dismiss()
    await journal.close()
    await server.close()
    if (runnerLost) await closeRecordOfLostRunner()
    else send({ say: 'closed' })
    run.lock.release()
    run.ended()
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop(`the guardian got ${signal}`, 'operator', 0))
  onDefect(options.log, () => void stop('a defect in the guardian', 'broken', 0))

  return {
    runnerGone,
    handle(message) {
      if (message.say === 'beat') {
        watchdogs.beat()
        send({ say: 'beat', n: message.n })
      } else if (message.say === 'inject') {
        void faults.begin(message.fault)
      } else if (message.say === 'rollback' && message.faults) {
        void faults.end(message.faults)
      } else if (message.say === 'rollback') {
        void stop(message.why, 'asked')
      } else if (message.say === 'close') {
        closing = true
        void stop('the run is over', 'asked')
      }
    },
  }
}

function onDefect(log: (line: string) => void, act: () => void): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log(`defect: ${(error as Error)?.stack ?? String(error)}`)
      act()
    })
  }
}

/** A runner that was silent is ended 5 s after the rollback, if it is still the same process. */
async function endRunner(request: ArmRequest): Promise<void> {
  const { pid, start } = request.runner
  for (let waited = 0; waited < 5_000 && aliveSame(pid, start); waited += 100) await sleep(100)
  if (aliveSame(pid, start)) process.kill(pid, 'SIGKILL')
}
