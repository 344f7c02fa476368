/** Limits in the engine's words: what is set, what gives back what was there, and when two mean the same. */
import { formatQuantity } from '../../document/quantity.ts'
import type { Inspected } from './inspect.ts'
import { type KernelFile, kernelFile } from './kernel.ts'

export interface LimitsSpec {
  cpus?: number
  memory?: number
  pids?: number
}

type HostConfig = Inspected['HostConfig']
type Key = 'NanoCpus' | 'CpuQuota' | 'Memory' | 'MemorySwap' | 'PidsLimit'
type Values = { [key in Key]?: number }

/** Plain data, part of a fault's state. `set` and `back` are bodies of the engine's update. */
export type Limit = { name: keyof LimitsSpec; words: string; set: Values; back: Values }

/**
 * The engine takes 0 for “as it is”, and no −1 for memory: a limit of memory that was not there is given back as more than any
 * machine has. Processors without a limit get a quota, which −1 takes away again; NanoCpus could never be.
 */
const noMemoryLimit = 2 ** 50

export function limitsOf({ cpus, memory, pids }: LimitsSpec, host: HostConfig): Limit[] {
  const all: Limit[] = []
  if (cpus !== undefined) all.push({ name: 'cpus', words: `${cpus} processors`, ...processorValues(cpus, host) })
  if (memory !== undefined) {
    // Swap counts memory too, and goes in the same call: it keeps the room beyond memory that it had, none where there was no limit.
    const beyond = host.Memory > 0 && host.MemorySwap > host.Memory ? host.MemorySwap - host.Memory : 0
    const set = { Memory: memory, MemorySwap: memory + beyond }
    const back =
      host.Memory > 0 ? { Memory: host.Memory, MemorySwap: host.MemorySwap } : { Memory: noMemoryLimit, MemorySwap: noMemoryLimit }
    all.push({ name: 'memory', words: `${formatQuantity(memory, 'bytes')} of memory`, set, back })
  }
  if (pids !== undefined)
    all.push({
      name: 'pids',
      words: `${pids} processes`,
      set: { PidsLimit: pids },
      back: { PidsLimit: meaning('PidsLimit', host.PidsLimit) || -1 },
    })
  return all
}

/** The engine refuses to mix the two ways of saying it. */
function processorValues(cpus: number, host: HostConfig): Pick<Limit, 'set' | 'back'> {
  if (host.NanoCpus > 0) return { set: { NanoCpus: Math.round(cpus * 1e9) }, back: { NanoCpus: host.NanoCpus } }
  const quota = Math.round(cpus * (host.CpuPeriod || 100_000))
  return { set: { CpuQuota: quota }, back: { CpuQuota: host.CpuQuota > 0 ? host.CpuQuota : -1 } }
}

export function isAt(host: HostConfig, values: Values): boolean {
  return (Object.keys(values) as Key[]).every((key) => meaning(key, host[key]) === meaning(key, values[key]))
}

/** 0: no limit, which the engine also writes as null, −1, or the largest number there is. */
function meaning(key: Key, value: number | null | undefined): number {
  if (value === null || value === undefined || value < 0) return 0
  return key.startsWith('Memory') && value >= noMemoryLimit ? 0 : value
}

const files: Readonly<Record<keyof LimitsSpec, KernelFile & { words(text: string): string }>> = {
  cpus: { controller: 'cpu', v1: 'cpu.cfs_quota_us', v2: 'cpu.max', words: (text) => `quota ${text.replace('-1', 'max')}` },
  memory: {
    controller: 'memory',
    v1: 'memory.limit_in_bytes',
    v2: 'memory.max',
    words: (text) => `memory ${Number(text) < noMemoryLimit ? formatQuantity(Number(text), 'bytes') : 'max'}`,
  },
  pids: { controller: 'pids', v1: 'pids.max', v2: 'pids.max', words: (text) => `pids ${text}` },
}

/** Null where it cannot be asked. */
export function kernelSays(found: Inspected, limits: readonly Limit[]): string | null {
  const parts = limits.flatMap(({ name }) => {
    const text = kernelFile(found, files[name])
    return text === null ? [] : [files[name].words(text)]
  })
  return parts.length === 0 ? null : parts.join(', ')
}
