/** Reading /proc. A process is a pid *and* its start time: a pid alone may be somebody else by now. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

export interface ProcessStat {
  pid: number
  comm: string
  /** One letter: R S D T t Z X I … */
  state: string
  ppid: number
  pgrp: number
  session: number
  /** Clock ticks since boot; with the pid it names a process for as long as the machine is up. */
  start: number
  /** Clock ticks spent in user and system mode. */
  cpuTicks: number
}

/** Kernel clock ticks per second in /proc; 100 on every Linux that Node supports (USER_HZ is ABI). */
export const ticksPerSecond = 100

/** Null when there is no such process. Parses after the last `)`: a command name may hold anything. */
export function readStat(pid: number): ProcessStat | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null
  }
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const rest = text.slice(close + 2).split(' ')
  return {
    pid,
    comm: text.slice(open + 1, close),
    state: rest[0] ?? '?',
    ppid: Number(rest[1]),
    pgrp: Number(rest[2]),
    session: Number(rest[3]),
    start: Number(rest[19]),
    cpuTicks: Number(rest[11]) + Number(rest[12]),
  }
}

/** The process if it is still the same one and not dead (a zombie is dead). */
export function aliveSame(pid: number, start: number): ProcessStat | null {
  const stat = readStat(pid)
  return stat && stat.start === start && stat.state !== 'Z' && stat.state !== 'X' ? stat : null
}

export function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Null when gone or not ours to read. */
export function readCommandLine(pid: number): string[] | null {
  return readNulList(pid, 'cmdline')
}

/** Null when gone or not ours to read (another user's). */
export function readEnvironment(pid: number): Map<string, string> | null {
  const list = readNulList(pid, 'environ')
  if (!list) return null
  const map = new Map<string, string>()
  for (const entry of list) {
    const at = entry.indexOf('=')
    if (at > 0) map.set(entry.slice(0, at), entry.slice(at + 1))
  }
  return map
}

function readNulList(pid: number, name: 'cmdline' | 'environ'): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/${name}`, 'utf8')
    return text === '' ? [] : text.replace(/\0$/, '').split('\0')
  } catch {
    return null
  }
}

/** pids of the process and everything above it, up to pid 1. */
export function ancestorsOf(pid: number): number[] {
  const chain: number[] = []
  for (let at = readStat(pid); at && chain.length < 1000; at = readStat(at.ppid)) {
    chain.push(at.pid)
    if (at.ppid <= 0) break
  }
  return chain
}

/** Absolute path of the folder it works in; null when gone or not ours to read. */
export function readFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

/** uid of its owner; null when it is gone. */
export function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return null
  }
}

/** Changes with each boot: pids and start times of another boot mean nothing. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'unknown'
  }
}
