/** A proxy's process: registers itself, serves its control socket, ends when told or when nobody needs it any more. */
import { writeSync } from 'node:fs'
import { SquallError } from '../../errors.ts'
import { sleep, wallMs } from '../../system/clock.ts'
import { endProcess } from '../../system/exit.ts'
import type { Lock } from '../../system/flock.ts'
import { enterOwnCgroup, removeDeadCgroups, removeLeftCgroup } from '../../system/own-cgroup.ts'
import { readStat } from '../../system/proc.ts'
import { version } from '../../system/version.ts'
import type { Proxy, ProxyOptions } from '../proxy.ts'
import { serveProxyControl } from './control.ts'
import { createHoldings, type Holder } from './holdings.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import { type ProxyPlace, proxyPlace } from './place.ts'
import { type Hello, type ProxyRequest, type ProxyTask, protocolVersion, type StartAnswer } from './protocol.ts'
import { cgroupName, clearStale, lockPlace, removeEntry, writeEntry } from './registry.ts'

const halfAnHour = 30 * 60_000

/** `STATE TASK`, the task as JSON. */
export async function proxyMain(args: readonly string[], start: (options: ProxyOptions) => Promise<Proxy>): Promise<void> {
  const [state, text] = args
  process.umask(0o077)
  process.chdir('/')
  if (!state || !text) return endProcess(2)
  const task = JSON.parse(text) as ProxyTask
  const place = proxyPlace(task.listen, state)
  const lock = lockPlace(place)
  if (!lock) return answerAndEnd({ say: 'taken' })
  clearStale(place)
  removeLeftCgroup(cgroupName(process.pid)) // Of one that had this pid before.
  removeDeadCgroups('proxy')
  const leaveCgroup = enterOwnCgroup(cgroupName(process.pid))
  const log = openLogFile(place.log)
  try {
    const proxy = await start({
      name: task.name,
      listen: task.listen,
      upstream: task.upstream,
      carries: task.carries,
      log: log.line,
    })
    await serve({ task, place, lock, proxy, log, leaveCgroup })
    answer({ say: 'ready' })
  } catch (error) {
    const { code = 'proxy-failed', message } = error as NodeJS.ErrnoException
    removeEntry(place, lock)
    leaveCgroup?.()
    answerAndEnd({ say: 'failed', code, message })
  }
}

/** The one who started it may be gone already: nothing depends on being heard. */
function answer(message: StartAnswer): void {
  try {
    writeSync(1, `${JSON.stringify(message)}\n`)
  } catch {
    // It reads nothing any more.
  }
}

function answerAndEnd(message: StartAnswer): never {
  answer(message)
  endProcess(message.say === 'taken' ? 0 : 1)
}

interface Serving {
  task: ProxyTask
  place: ProxyPlace
  lock: Lock
  proxy: Proxy
  log: LogFile
  leaveCgroup: (() => void) | null
}

async function serve({ task, place, lock, proxy, log, leaveCgroup }: Serving): Promise<void> {
  const { name, listen, upstream, carries, startedBy, idleAfter = halfAnHour } = task
  const holdings = createHoldings(proxy, log.line)
  const { start = 0 } = readStat(process.pid) ?? {}
  const entry = { protocol: protocolVersion, version, name, listen, upstream, carries, pid: process.pid, start, startedBy }
  const hello = (): Hello => ({ hello: 'squall proxy', ...entry, holders: holdings.holders() })
  let ending = false

  async function end(why: string): Promise<void> {
    if (ending) return
    ending = true
    log.line(`ends: ${why}`)
    clearInterval(timer)
    // First nobody finds it any more, then it lets go.
    await Promise.race([proxy.stop(), sleep(2_000)])
    control.close()
    await Promise.race([log.close(), sleep(1_000)])
    removeEntry(place, lock)
    leaveCgroup?.()
    endProcess(0)
  }

  function act(by: Holder, request: ProxyRequest): unknown {
    if (ending) throw new SquallError('proxy-failed', `the proxy ${name} is ending`)
    switch (request.ask) {
      case 'put':
        return holdings.put(by, request.faults, request.holder, request.until)
      case 'remove':
        return holdings.remove(request.ids)
      case 'status':
        return proxy.status()
      case 'lease':
        return holdings.lease(by, request.holder)
      case 'stop': {
        mustBeFree(holdings.holders(by), request.unless === 'used' && isUsed(), name)
        setImmediate(() => void end('it was told to')) // The answer goes out first.
        return null
      }
      default:
        throw new SquallError('proxy-failed', `a proxy of Squall ${version} does not know this request`)
    }
  }

  const isUsed = (): boolean => {
    const { connections, usedAt, startedAt } = proxy.status()
    return connections.open > 0 || wallMs() - Math.max(usedAt ?? startedAt, holdings.freeSince() ?? 0) < idleAfter
  }
  writeEntry(place, entry)
  const control = await serveProxyControl(place.socket, { hello, answer: act, ended: holdings.ended })
  const timer = setInterval(
    () => {
      if (holdings.holders().length === 0 && !isUsed()) void end(`not used for ${Math.round(idleAfter / 1000)} s`)
    },
    Math.min(10_000, Math.max(50, idleAfter / 10)),
  )
  withstand(log, end)
  log.line(`${name} passes on from ${proxy.listen} to ${upstream}`)
}

function mustBeFree(holders: readonly string[], used: boolean, name: string): void {
  if (holders.length > 0) throw new SquallError('proxy-in-use', `the proxy ${name} is held by ${holders.join(', ')}`)
  if (used) throw new SquallError('proxy-in-use', `the proxy ${name} is in use`)
}

/** What ends other programs: a stop that is asked for is one, everything else passes by: services live on these connections. */
function withstand(log: LogFile, end: (why: string) => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal))
  process.on('SIGHUP', () => {})
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => log.line(`defect: ${(error as Error)?.stack ?? String(error)}`))
}
