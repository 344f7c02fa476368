/** What can be done at databases from here. Which of their servers are here only a document tells: `plan` says that. */

import { readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { findProgram } from '../../system/children.ts'
import { listPids, readStat } from '../../system/proc.ts'
import type { Able } from '../able.ts'

export function able(): Promise<Able[]> {
  return Promise.resolve([
    {
      what: 'connections, locks; Redis that does not answer, is slow or read-only',
      state: 'ok',
      says: 'through the login of the source: PostgreSQL wants pg_signal_backend for connections, Redis CLIENT and CONFIG',
    },
    stopping(),
    rejoining(),
  ])
}

function stopping(): Able {
  const what = 'stopping and killing servers'
  if (process.getuid?.() === 0) return { what, state: 'ok', says: 'servers of this machine and of its containers, as root' }
  return { what, state: 'limited', says: 'containers, and servers of this very user: run Squall as root, or as their user, for the others' }
}

function rejoining(): Able {
  const what = 'rejoin: rewind, reclone'
  const missing = ['pg_rewind', 'pg_basebackup'].filter((name) => !isThere(name))
  if (missing.length === 0)
    return { what, state: 'ok', says: 'pg_rewind and pg_basebackup are there; the login needs superuser or replication' }
  return {
    what,
    state: 'missing',
    says: `${missing.join(' and ')} not found, neither in the PATH nor beside a running server; rejoin: manual needs none`,
  }
}

/** Debian keeps them beside the server, outside the PATH. */
function isThere(name: string): boolean {
  if (findProgram(name)) return true
  return listPids().some((pid) => {
    if (readStat(pid)?.comm !== 'postgres') return false
    try {
      return findProgram(`${dirname(readlinkSync(`/proc/${pid}/exe`))}/${name}`) !== null
    } catch {
      return false
    }
  })
}
