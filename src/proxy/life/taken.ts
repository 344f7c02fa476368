/** Why a proxy cannot listen, for people: who has the port, or what the system says. */
import { SquallError } from '../../errors.ts'
import { ownerOf, readCommandLine, readStat } from '../../system/proc.ts'
import { pidsListeningOn } from '../../system/tcp-table.ts'
import type { Hello, ProxyTask } from './protocol.ts'

/** `code` is the system's: EADDRINUSE, EACCES … */
export function cannotListen({ name, listen }: ProxyTask, code: string, message: string): SquallError {
  const subject = `the proxy ${name} cannot listen on ${listen}`
  if (code === 'EADDRINUSE') return new SquallError('proxy-address-taken', `${subject}: ${listener(listen)}`)
  const hint = hints[code]
  return new SquallError('proxy-address', `${subject}: ${message}`, hint === undefined ? {} : { hint })
}

const hints: Partial<Record<string, string>> = {
  EACCES: 'Ports below 1024 are for root: choose another port, and point your service there.',
  EADDRNOTAVAIL: 'This machine does not have that address: listen on 127.0.0.1.',
  ENOTFOUND: 'This name is not known here: listen on 127.0.0.1.',
}

/** Another proxy of ours is there, and passes on to another place. */
export function differs(wanted: ProxyTask, { name, listen, upstream, carries, pid, startedBy, holders }: Hello): SquallError {
  const owner = startedBy.run === '' ? '' : `, started by ${[startedBy.experiment, startedBy.run].filter(Boolean).join(' ')}`
  const held = holders.length > 0 ? ` It is held by ${holders.join(', ')}.` : ''
  return new SquallError(
    'proxy-address-taken',
    `the proxy ${wanted.name} cannot listen on ${listen}: a proxy ${name} (pid ${pid}${owner}) listens there and passes on ${carries === 'http' ? 'requests' : 'bytes'} to ${upstream}.${held}`,
    { hint: holders.length > 0 ? 'Wait for that run, or let this proxy listen on another port.' : `squall proxy stop ${name} ends it.` },
  )
}

function listener(listen: string): string {
  if (listen.startsWith('/')) return 'another process listens there'
  const [pid] = pidsListeningOn(Number(listen.slice(listen.lastIndexOf(':') + 1)))
  if (pid === undefined) return 'another process listens there, of another user or in another container'
  const command = readCommandLine(pid) ?? []
  const proxy = command.findIndex((word) => /(^|\/)proxy\.(js|ts)$/.test(word))
  if (proxy !== -1 && command[proxy + 1] !== undefined)
    return `a proxy of Squall with another state folder, ${command[proxy + 1]}, listens there (pid ${pid}, uid ${ownerOf(pid)})`
  return `${readStat(pid)?.comm ?? 'a process'} (pid ${pid}) listens there`
}
