/** Bytes that each proxy has carried since the server began: live ones are asked, those of stopped listeners are kept. */
import type { ProxySpec } from './bodies.ts'

export interface Counted {
  proxy: string
  listener: string
  upstream: string
  direction: 'upstream' | 'downstream'
  received: number
  sent: number
}

/** Of one listener since it began. */
export interface Carried {
  /** Connections: a proxy that had none is not shown. */
  accepted: number
  up: { received: number; sent: number }
  down: { received: number; sent: number }
}

export interface ByteCounts {
  follow(spec: Readonly<ProxySpec>, carried: () => Carried): void
  /** Before the listener goes: what it has counted stays. */
  settle(spec: Readonly<ProxySpec>): void
  all(): Counted[]
}

export function byteCounts(): ByteCounts {
  const live = new Map<string, () => Carried>()
  const kept = new Map<string, Counted>()

  const now = (key: string, { accepted, up, down }: Carried): [string, Counted][] => {
    if (accepted === 0) return []
    const [proxy = '', listener = '', upstream = ''] = JSON.parse(key) as string[]
    const counted = (direction: Counted['direction'], bytes: Carried['up']): [string, Counted] => {
      const before = kept.get(`${key}${direction}`)
      const [received, sent] = [bytes.received + (before?.received ?? 0), bytes.sent + (before?.sent ?? 0)]
      return [`${key}${direction}`, { proxy, listener, upstream, direction, received, sent }]
    }
    return [counted('downstream', down), counted('upstream', up)]
  }

  return {
    follow: (spec, carried) => void live.set(keyOf(spec), carried),
    settle(spec) {
      const key = keyOf(spec)
      const carried = live.get(key)
      if (carried) for (const [name, counted] of now(key, carried())) kept.set(name, counted)
      live.delete(key)
    },
    all() {
      const both = new Map(kept)
      for (const [key, carried] of live) for (const [name, counted] of now(key, carried())) both.set(name, counted)
      const place = ({ direction, listener, proxy, upstream }: Counted): string => JSON.stringify([direction, listener, proxy, upstream])
      return [...both.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1))
    },
  }
}

function keyOf({ name, listen, upstream }: Readonly<ProxySpec>): string {
  return JSON.stringify([name, listen, upstream])
}
