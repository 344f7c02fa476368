/** Network namespaces: named by `ip netns`, or a process's. Pinned by their inode, so that a name or a pid that became another's is not entered. */
import { statSync } from 'node:fs'
import { SquallError } from '../../errors.ts'
import { listPids } from '../../system/proc.ts'

export interface Netns {
  /** As written. */
  name: string
  path: string
  inode: number
}

const ours = '/proc/self/ns/net'

/** @throws SquallError `no-target` */
export function findNetns(name: string): Netns {
  const pid = /^pid:(\d+)$/.exec(name)?.[1]
  const path = pid === undefined ? `/run/netns/${name}` : `/proc/${pid}/ns/net`
  const inode = inodeOf(path)
  if (inode === null) throw new SquallError('no-target', `there is no network namespace ${name}`)
  return { name, path, inode }
}

/** What goes before a command so that it acts there; null when the namespace is gone, or nobody is left through whom to enter it. */
export function entering(netns: Netns | null): readonly string[] | null {
  if (!netns) return []
  if (inodeOf(netns.path) === netns.inode) return ['nsenter', `--net=${netns.path}`]
  // The process has ended, others may live on in its namespace.
  const other = listPids().find((pid) => inodeOf(`/proc/${pid}/ns/net`) === netns.inode)
  return other === undefined ? null : ['nsenter', `--net=/proc/${other}/ns/net`]
}

/** True where Squall itself lives: there the operator's session and the ways back are. */
export function isOwnNetns(netns: Netns | null): boolean {
  return netns === null || netns.inode === inodeOf(ours)
}

/** For the key of a lock: the namespace, however it is called. */
export function netnsKey(netns: Netns | null): string {
  return String(netns?.inode ?? inodeOf(ours))
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}
