/** What this machine can do to its own disk, memory and look-ups. */
import { findSystemProgram } from '../../system/children.ts'
import { isRoot } from '../../system/paths.ts'
import type { Able } from '../able.ts'

export function ableToStress(): Able[] {
  const has = (name: string): boolean => findSystemProgram(name) !== null
  return [stressors(has('setpriv')), filling(has('fallocate')), lookUps(['nft', 'nsenter', 'setpriv', 'ip'].filter((name) => !has(name)))]
}

function stressors(setpriv: boolean): Able {
  const what = 'cpu, memory, io'
  if (setpriv) return { what, state: 'ok', says: 'what puts on the load dies with the guardian, and at its deadline' }
  return {
    what,
    state: 'limited',
    says: 'without setpriv (util-linux) what puts on the load ends only when it is told to, or at its deadline',
  }
}

function filling(fallocate: boolean): Able {
  if (fallocate) return { what: 'disk', state: 'ok', says: 'by a file without a name; not on the file system of Squall’s own state' }
  return { what: 'disk', state: 'limited', says: 'without fallocate (util-linux) room is taken by writing, which takes long on a big disk' }
}

function lookUps(missing: string[]): Able {
  if (!isRoot())
    return { what: 'dns', state: 'missing', says: 'needs root; or let the service ask a DNS server of your own that answers as you like' }
  if (missing.length > 0)
    return { what: 'dns', state: 'missing', says: `needs ${missing.join(', ')}: install nftables, util-linux, iproute2` }
  return { what: 'dns', state: 'ok', says: 'questions to the servers of resolv.conf can be answered here' }
}
