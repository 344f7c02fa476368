/** Real processes to do things to. Every one is ended by the test that started it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Target } from '../../src/faults/injector.ts'
import { resolveTargets } from '../../src/faults/resolve.ts'

let counter = 0

export interface Victim {
  child: ChildProcess
  pid: number
  label: string
  target(): Promise<Target>
  end(): Promise<void>
}

/** A sleeping process with a label of its own. */
export async function startVictim(
  argv: readonly [string, ...string[]] = ['sleep', '300'],
  env: Record<string, string> = {},
): Promise<Victim> {
  const label = env.SQUALL_LABELS?.split('=')[1] ?? `victim-${process.pid}-${++counter}`
  const child = spawn(argv[0], argv.slice(1), {
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', SQUALL_LABELS: `test=${label}`, ...env },
  })
  const pid = child.pid as number
  await until('the victim to run', () => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(label))
  return {
    child,
    pid,
    label,
    target: async () => (await resolveTargets(labelled(label), { random: () => 0.5, protect: [process.pid] }))[0] as Target,
    end: () => endProcess(child),
  }
}

export function labelled(label: string): Parameters<typeof resolveTargets>[0] {
  return { place: 'process', query: { labels: { test: label } }, pick: { all: true }, narrowing: {} }
}

export function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

/** One letter from /proc; empty when there is no such process. */
export function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)
  } catch {
    return ''
  }
}

/** Waits for a condition of the world; throwing counts as not yet. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  for (;;) {
    try {
      if (await condition()) return
    } catch {
      // Not yet.
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
