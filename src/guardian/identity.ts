/** Which machine, boot and namespaces a journal belongs to: a sweep must not act on somebody else's pids. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export interface Identity {
  boot: string
  machine: string
  /** Inode names like `net:[4026531840]`. */
  namespaces: Record<string, string>
}

const namespaceNames = ['net', 'pid', 'mnt'] as const

export function ownIdentity(): Identity {
  return {
    boot: readOr('/proc/sys/kernel/random/boot_id', 'unknown'),
    machine: readOr('/etc/machine-id', `host:${hostname()}`),
    namespaces: Object.fromEntries(namespaceNames.map((name) => [name, linkOr(`/proc/self/ns/${name}`)])),
  }
}

/** Null when a sweep may act on the journal, else the reason it may not. After a reboot namespaces have new numbers. */
export function whyForeign(journal: Identity, own: Identity): string | null {
  if (journal.machine !== own.machine) return 'it was written on another machine'
  if (journal.boot !== own.boot) return null
  const other = namespaceNames.find((name) => journal.namespaces[name] !== own.namespaces[name])
  return other ? `it was written in another ${other} namespace` : null
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1').trim() || otherwise
  } catch {
    return otherwise
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return 'unknown'
  }
}
