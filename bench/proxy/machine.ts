/** What numbers depend on. */
import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { findGo } from '../../scripts/lib/go-programs.ts'

export function machineFacts(): Record<string, string | number> {
  const go = findGo()
  return {
    date: new Date().toISOString().slice(0, 16),
    cpu: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
    kernel: release(),
    node: process.version,
    go: go === null ? 'none' : spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout.trim(),
    'load over 15 min': (loadavg()[2] ?? 0).toFixed(1),
  }
}
