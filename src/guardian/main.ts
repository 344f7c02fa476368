/** What the guardian's process does with its command line: `own STATE RUN`, `standby STATE RUN` or `sweep STATE RUN…`. */

import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { AnyInjector } from '../faults/injector.ts'
import { runChild } from '../system/children.ts'
import { sleep } from '../system/clock.ts'
import { entryPath } from '../system/entry.ts'
import { endProcess } from '../system/exit.ts'
import { readMessages, sendMessage } from '../system/lines.ts'
import { hideValue, masked, maskedData } from '../system/masking.ts'
import { enterOwnCgroup, removeLeftCgroup } from '../system/own-cgroup.ts'
import { runDir } from '../system/paths.ts'
import { guardianEnvironment } from './client.ts'
import { runGuardian } from './guardian.ts'
import { cgroupOf, standBy } from './standby.ts'
import { type SweepOptions, type SweptRun, sweepRun } from './sweep.ts'

export interface GuardianParts {
  injectors: readonly AnyInjector[]
  /** Stand-ins of the negative controls: see the kill campaign. */
  fence?: (mark: string) => Promise<unknown>
  input?: Readable
}

export async function guardianMain(args: readonly string[], parts: GuardianParts): Promise<void> {
  const [mode, state, ...runs] = args
  process.umask(0o077)
  process.chdir('/')
  if (!state || runs.length === 0 || !isMode(mode)) return endProcess(2)
  const run = runs[0] as string
  const leaveCgroup = enterOwnCgroup(mode === 'standby' ? cgroupOf(run) : run)
  if (mode === 'own') await own(state, run, parts)
  else if (mode === 'standby') await standByRun(state, run, parts)
  else await sweepAll(state, runs, parts)
  leaveCgroup?.()
  endProcess(0)
}

function isMode(mode: string | undefined): mode is 'own' | 'standby' | 'sweep' {
  return mode === 'own' || mode === 'standby' || mode === 'sweep'
}

async function standByRun(state: string, run: string, parts: GuardianParts): Promise<void> {
  const log = logger(state, run)
  process.stdout.on('error', () => {}) // The guardian may be dead by now.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => log(`the standby got ${signal} and stays`))
  await standBy(state, run, {
    input: process.stdin,
    say: (line) => process.stdout.write(`${line}\n`),
    log,
    sweep(secrets) {
      for (const value of Object.values(secrets)) hideValue(value)
      return sweepOne(state, run, { ...parts, secrets, onChange: () => {} }, log)
    },
  }).catch((error: Error) => log(`the standby: ${error.stack}`))
}

async function own(state: string, run: string, parts: GuardianParts): Promise<void> {
  const log = logger(state, run)
  const input = parts.input ?? process.stdin
  // Not process.stdout: that one cannot be closed, and a runner that is given up must find its pipe closed (rule 4).
  const output = new Socket({ fd: 1, readable: false, writable: true })
  output.on('error', () => {}) // Whoever listened is gone; the input's end says so.
  await runGuardian({
    injectors: parts.injectors,
    input,
    output,
    log,
    closeRecord: (dir) => closeRecord(dir, log),
    ...(parts.fence ? { fence: parts.fence } : {}),
  })
  if (!output.destroyed) await Promise.race([new Promise<void>((resolve) => output.end(resolve)), sleep(1_000)])
}

/** All runs side by side: one that hangs must not keep another waiting. */
async function sweepAll(state: string, runs: readonly string[], parts: GuardianParts): Promise<void> {
  process.stdout.on('error', () => {}) // Whoever listened is gone.
  const secrets = await givenSecrets(parts.input ?? process.stdin)
  const say = (message: object): void => sendMessage(process.stdout, maskedData(message))
  await Promise.all(
    runs.map(async (run) => {
      const log = logger(state, run)
      try {
        const onChange: SweepOptions['onChange'] = (id, key, change, why) => say({ say: 'change', run: id, key, state: change, why })
        const swept = await sweepOne(state, run, { ...parts, secrets, onChange }, log)
        say({ say: 'swept', ...swept })
      } catch (error) {
        log(`sweep: ${(error as Error).stack}`)
        say({ say: 'swept', run, result: 'unreadable', why: (error as Error).message, changes: [] })
      }
    }),
  )
}

async function sweepOne(
  state: string,
  run: string,
  { injectors, fence, secrets, onChange }: GuardianParts & Pick<SweepOptions, 'secrets' | 'onChange'>,
  log: (line: string) => void,
): Promise<SweptRun> {
  const closing = (dir: string): Promise<void> => closeRecord(dir, log)
  const swept = await sweepRun(run, { state, injectors, secrets, log, onChange, closeRecord: closing, ...(fence ? { fence } : {}) })
  if (swept.result === 'swept') removeLeftCgroup(run)
  return swept
}

/** One line of JSON from whoever asked for the sweep, at once: what its environment holds of the secrets that the journals name. */
async function givenSecrets(input: Readable): Promise<Record<string, string>> {
  const line = new Promise<Record<string, string>>((resolve) => {
    readMessages<Record<string, string>>(input, resolve, () => resolve({}))
    input.once('close', () => resolve({}))
    input.once('error', () => resolve({}))
  })
  const secrets = await Promise.race([line, sleep(1_000).then(() => ({}))])
  for (const value of Object.values(secrets)) hideValue(value)
  return secrets
}

function logger(state: string, run: string): (line: string) => void {
  const file = join(runDir(run, state), 'guardian.log')
  return (line) => {
    try {
      appendFileSync(file, `${new Date().toISOString()} ${masked(line)}\n`, { mode: 0o600 })
    } catch {
      // A full disk must not stop a rollback; the journal and the runner's record tell the essential.
    }
  }
}

/** The record is SQLite, which the guardian does not load: a child closes it. */
async function closeRecord(dir: string, log: (line: string) => void): Promise<void> {
  const result = await runChild({
    argv: [process.execPath, entryPath('close-record'), dir],
    role: 'close-record',
    timeLimit: 20_000,
    env: guardianEnvironment(), // Not what faults hand to their programs.
  })
  if (result.code !== 0) log(`close-record: exit ${result.code ?? result.signal} ${result.stderr.slice(0, 2000)}`)
}
