/** The toxics under which everything is measured. Connections of the echo: more where one would say too little within a second. */
export interface Variant {
  name: string
  toxic: { type: string; attributes: Record<string, number> } | null
  callers: number
  /** Least that the lower end of the ratio of bytes must reach, and most that the upper end of the ratio of p99 may. */
  gate: { bulk: number; p99: number }
}

export const variants: readonly Variant[] = [
  { name: 'no toxics', toxic: null, callers: 1, gate: { bulk: 1.3, p99: 1.1 } },
  { name: 'latency 0', toxic: { type: 'latency', attributes: { latency: 0 } }, callers: 1, gate: { bulk: 0.9, p99: 1.1 } },
  { name: 'latency 10 ms', toxic: { type: 'latency', attributes: { latency: 10 } }, callers: 16, gate: { bulk: 0.9, p99: 1.1 } },
  { name: 'bandwidth 100 MB/s', toxic: { type: 'bandwidth', attributes: { rate: 100_000 } }, callers: 1, gate: { bulk: 0.9, p99: 1.1 } },
]
