/** Starts the proxy of an address, or adopts the one that an earlier run has left there. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { SquallError } from '../../errors.ts'
import { allowedEnvironment, type Child, startChild } from '../../system/children.ts'
import { sleep, within } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import { readMessages } from '../../system/lines.ts'
import { connectProxy, type OwnLease, otherVersion } from './lease.ts'
import { type ProxyPlace, plainListen, plainUpstream, proxyPlace } from './place.ts'
import { type ProxyTask, protocolVersion, type StartAnswer } from './protocol.ts'
import { cannotListen, differs } from './taken.ts'

export interface OpenedProxy {
  /** A connection of its own; it holds nothing yet. */
  lease: OwnLease
  /** It was there already. */
  adopted: boolean
}

/** ms for a process to begin and to listen, on a machine that has much else to do. */
const startLimit = 10_000
/** ms for one that is told to end. */
const endLimit = 5_000
/** Each a look and a start; between two, 50 ms when one is just coming or going. */
const mostTries = 100

/** @throws SquallError `proxy-address-taken` with the name of who has it; `proxy-failed` */
export async function openProxy(task: ProxyTask, state: string): Promise<OpenedProxy> {
  const place = proxyPlace(task.listen, state)
  let started = false
  for (let tries = 0; tries < mostTries; tries++) {
    const lease = await connectProxy(place.socket)
    if (lease) {
      if (await isRight(task, lease)) return { lease, adopted: !started }
      continue // One of another version that nobody needed has ended.
    }
    const answer = await startProcess(task, state, place)
    if (answer.say === 'failed') throw cannotListen(task, answer.code, answer.message)
    started = answer.say === 'ready'
    if (!started) await sleep(50)
  }
  throw new SquallError('proxy-failed', `the proxy at ${task.listen} neither listens nor ends`, {
    hint: 'squall proxy list shows its pid.',
  })
}

/** False: it was not, and it has been told to end. @throws SquallError when it is another one */
async function isRight(task: ProxyTask, lease: OwnLease): Promise<boolean> {
  const { hello } = lease
  try {
    if (hello.protocol !== protocolVersion) {
      await lease.stop('used').catch(() => {
        throw otherVersion(hello)
      })
      const gone = new Promise<void>((resolve) => lease.onEnd(resolve))
      await within(gone, endLimit, () => otherVersion(hello))
      return false
    }
    if (!isSame(task, hello)) throw differs(task, hello)
    return true
  } catch (error) {
    lease.close()
    throw error
  }
}

/** The name is no part of it: two documents may call the same thing differently. */
function isSame(one: Omit<ProxyTask, 'startedBy'>, other: Omit<ProxyTask, 'startedBy'>): boolean {
  return (
    plainListen(one.listen) === plainListen(other.listen) &&
    plainUpstream(one.upstream) === plainUpstream(other.upstream) &&
    one.carries === other.carries
  )
}

async function startProcess(task: ProxyTask, state: string, place: ProxyPlace): Promise<StartAnswer> {
  mkdirSync(place.folder, { recursive: true, mode: 0o700 })
  const logFd = openSync(place.log, 'a', 0o600)
  const child = startChild({
    argv: [process.execPath, entryPath('proxy'), state, JSON.stringify(task)],
    env: allowedEnvironment(),
    role: 'proxy',
    stdio: ['ignore', 'pipe', logFd],
  })
  closeSync(logFd)
  try {
    return await within(answerOf(child), startLimit, () => {
      child.kill()
      return new SquallError('proxy-failed', `the proxy ${task.name} did not start within ${startLimit / 1000} s`)
    })
  } finally {
    child.process?.unref()
    child.process?.stdout?.destroy()
  }
}

function answerOf(child: Child): Promise<StartAnswer> {
  return new Promise((resolve) => {
    if (child.process?.stdout) readMessages<StartAnswer>(child.process.stdout, resolve, () => {})
    void child.exited.then(async ({ failed, code, signal }) => {
      await sleep(100) // What it has said may still be on its way.
      resolve({ say: 'failed', code: 'proxy-failed', message: failed?.message ?? `its process ended with ${code ?? signal}` })
    })
  })
}
