/** `/metrics` in Prometheus' text form: the bytes of each proxy, and what this process needs. */
import { readdirSync, readFileSync } from 'node:fs'
import { wallMs } from '../../system/clock.ts'
import { version } from '../../system/version.ts'
import type { Answer } from './answer.ts'
import type { Counted } from './byte-counts.ts'

interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: { labels: Record<string, string>; value: number }[]
}

export interface MetricsWanted {
  proxies: boolean
  runtime: boolean
}

export function metricsAnswer(wanted: MetricsWanted, counted: readonly Counted[]): Answer {
  const families = [...(wanted.proxies ? proxyFamilies(counted) : []), ...(wanted.runtime ? runtimeFamilies() : [])]
  const shown = families.filter(({ samples }) => samples.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1))
  const body = shown.map((family) => `${lines(family).join('\n')}\n`).join('')
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores', body }
}

function proxyFamilies(counted: readonly Counted[]): Family[] {
  return (['received', 'sent'] as const).map((which) => ({
    name: `toxiproxy_proxy_${which}_bytes_total`,
    help: '',
    type: 'counter',
    samples: counted.map(({ direction, listener, proxy, upstream, ...bytes }) => ({
      labels: { direction, listener, proxy, upstream },
      value: bytes[which],
    })),
  }))
}

/** Of the process as every exporter tells it, and Node's own where Go would tell of itself. */
function runtimeFamilies(): Family[] {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  const stat = statFields()
  const one = (name: string, help: string, value: number | null, type: Family['type'] = 'gauge'): Family => ({
    name,
    help,
    type,
    samples: value === null ? [] : [{ labels: {}, value }],
  })
  return [
    {
      ...one('nodejs_info', 'Version of Node and of Squall.', 1),
      samples: [{ labels: { node: process.version, squall: version }, value: 1 }],
    },
    one('nodejs_heap_size_used_bytes', 'Bytes of the heap that are in use.', memory.heapUsed),
    one('nodejs_external_memory_bytes', 'Bytes outside the heap that belong to it, buffers for instance.', memory.external),
    one('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', (user + system) / 1e6, 'counter'),
    one('process_max_fds', 'Maximum number of open file descriptors.', maxDescriptors()),
    one('process_open_fds', 'Number of open file descriptors.', openDescriptors()),
    one('process_resident_memory_bytes', 'Resident memory size in bytes.', memory.rss),
    one('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', wallMs() / 1000 - process.uptime()),
    one('process_virtual_memory_bytes', 'Virtual memory size in bytes.', stat === null ? null : Number(stat[20])),
  ]
}

function lines({ name, help, type, samples }: Family): string[] {
  const series = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...series]
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function fromProc<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null // Not Linux, or /proc is hidden.
  }
}

/** From the state on, which is the third field: the name before it may hold anything. */
function statFields(): string[] | null {
  return fromProc(() =>
    readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' '),
  )
}

function openDescriptors(): number | null {
  return fromProc(() => readdirSync('/proc/self/fd').length)
}

function maxDescriptors(): number | null {
  const limits = fromProc(() => readFileSync('/proc/self/limits', 'utf8'))
  const found = /^Max open files\s+(\d+)/m.exec(limits ?? '')
  return found ? Number(found[1]) : null
}
