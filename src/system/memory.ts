/** How much memory there is, for us: the machine's, or less where our cgroup has a limit. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Memory {
  /** Bytes. */
  total: number
  /** Bytes that can be taken without pushing anybody out. */
  available: number
}

export function machineMemory(): Memory {
  const text = read('/proc/meminfo')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { total: field('MemTotal'), available: field('MemAvailable') }
}

/** `pid`: for that process, in its cgroup. */
export function readMemory(pid: number | 'self' = 'self'): Memory {
  const machine = machineMemory()
  const group = ofCgroup(pid)
  return group && group.total < machine.total ? { total: group.total, available: Math.min(group.available, machine.available) } : machine
}

/** Null where its cgroup has no limit. */
function ofCgroup(pid: number | 'self'): Memory | null {
  const lines = read(`/proc/${pid}/cgroup`).trim().split('\n')
  const one = lines.find((line) => /^\d+:memory:/.test(line))
  const folder = one ? join('/sys/fs/cgroup/memory', one.split(':')[2] ?? '') : join('/sys/fs/cgroup', lines.at(-1)?.split(':')[2] ?? '')
  const [limit, used, stat] = one
    ? ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.stat']
    : ['memory.max', 'memory.current', 'memory.stat']
  const total = Number(read(join(folder, limit as string)))
  if (!(total > 0)) return null
  // Pages of files that nobody waits for are given back when they are needed.
  const idle = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(read(join(folder, stat as string)))?.[1] ?? 0)
  return { total, available: Math.max(0, total - Number(read(join(folder, used as string))) + idle) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Bytes of a process's own memory that are in RAM; null when it is gone. */
export function residentBytes(pid: number | 'self'): number | null {
  const found = /^RssAnon:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
  return found === undefined ? null : Number(found) * 1024
}
