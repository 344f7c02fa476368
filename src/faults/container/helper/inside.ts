/** The program of a helper container: the same faults as at a host, in the network or in the name of the container that is meant. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { SquallError } from '../../../errors.ts'
import { monotonicMs, sleep, wallMs } from '../../../system/clock.ts'
import { network } from '../../host/network.ts'
import { partition } from '../../host/partition.ts'
import type { AnyInjector, Context, Json } from '../../injector.ts'
import { assumeKernel, probeHere } from '../../packets/netem.ts'
import { cpuFromOutside } from '../cpu.ts'
import { memoryFromOutside } from '../memory.ts'
import { type Dose, doseFile, type HelperLine, type HelperTask } from './task.ts'

const injectors: readonly AnyInjector[] = [network, partition, cpuFromOutside, memoryFromOutside]

/** ms between two looks; a dose is taken sooner. */
const lookEvery = 1_000
const doseEvery = 100
/** ms that what was asked once can be read before it ends by itself, unless it is removed before. */
const readable = 10_000
/** ms within which it undoes what it did, before the engine kills it. */
const patience = 8_000

/** Returns the exit code; 0 of a `hold`: everything is undone. */
export async function runHelper(task: HelperTask): Promise<number> {
  const ended = new AbortController()
  // As the first process of its container it would not hear the signal otherwise.
  process.on('SIGTERM', () => ended.abort()).on('SIGINT', () => ended.abort())
  try {
    if (task.do === 'hold') return await hold(task, ended)
    say(await once(task))
  } catch (error) {
    say({ error: toldError(error) })
  }
  await sleep(readable, ended.signal)
  return 0
}

/** Another process of the same container: the one that holds the fault reads it. */
export function leaveDose(dose: Dose): void {
  writeFileSync(`${doseFile}.new`, JSON.stringify(dose))
  renameSync(`${doseFile}.new`, doseFile)
}

async function once(task: Exclude<HelperTask, { do: 'hold' }>): Promise<HelperLine> {
  if (task.do === 'kernel') return { kernel: await probeHere() }
  const { injector, context } = onStage(task, new AbortController().signal)
  if (task.do === 'plan') return { planned: await injector.plan(task.spec, task.target, context) }
  if (task.do === 'undo') await injector.rollback(task.state, context)
  return { look: await injector.look(task.state, context) }
}

async function hold(task: HelperTask & { do: 'hold' }, ended: AbortController): Promise<number> {
  const { injector, context } = onStage(task, ended.signal)
  setTimeout(() => ended.abort(), task.lasts)
  let failed: unknown
  try {
    await injector.inject(task.state, context)
    await keep(task.state, injector, context)
  } catch (error) {
    failed = error
  }
  const isUndone = await undone(task.state, injector, context)
  if (failed !== undefined) {
    say({ error: toldError(failed) })
    // The engine keeps nothing of what it has removed.
    await sleep(readable, ended.signal)
  }
  return isUndone ? 0 : 1
}

async function keep(state: Json, injector: AnyInjector, context: Context<Json>): Promise<void> {
  let dosed: Dose | undefined
  let doseFailed: string | undefined
  let looked = -lookEvery
  while (!context.signal.aborted) {
    const dose = readDose()
    if (dose && dose.id !== dosed?.id) {
      doseFailed = await moved(state, dose, injector, context)
      dosed = dose
      looked = -lookEvery
    }
    if (monotonicMs() - looked >= lookEvery) {
      looked = monotonicMs()
      say(await seen(state, injector, context, { ...(dosed && { dosed: dosed.id }), ...(doseFailed !== undefined && { doseFailed }) }))
    }
    await sleep(doseEvery, context.signal)
  }
}

/** A look that fails does not end the fault: whoever reads it is told. */
async function seen(state: Json, injector: AnyInjector, context: Context<Json>, dose: object): Promise<HelperLine> {
  try {
    return { look: await injector.look(state, context), ...dose }
  } catch (error) {
    return { error: toldError(error) }
  }
}

async function moved(state: Json, { dose }: Dose, injector: AnyInjector, context: Context<Json>): Promise<string | undefined> {
  try {
    await injector.adjust?.(state, dose, context)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function readDose(): Dose | null {
  try {
    return JSON.parse(readFileSync(doseFile, 'utf8')) as Dose
  } catch {
    return null // None yet.
  }
}

/** Until it is seen to be gone, or until there is no time left: then whoever stopped us undoes it. */
async function undone(state: Json, injector: AnyInjector, context: Context<Json>): Promise<boolean> {
  const end = monotonicMs() + patience
  for (;;) {
    try {
      await injector.rollback(state, context)
      if (!(await injector.look(state, context)).active) return true
    } catch (error) {
      say({ error: toldError(error) })
    }
    if (monotonicMs() > end) return false
    await sleep(200)
  }
}

function onStage({ type, mark, lasts, kernel }: Exclude<HelperTask, { do: 'kernel' }>, signal: AbortSignal) {
  if (kernel) assumeKernel(kernel)
  const injector = injectors.find((one) => one.type === type)
  if (!injector) throw new SquallError('internal', `a helper container knows no ${type}`)
  const context: Context<Json> = {
    mark,
    deadline: new Date(wallMs() + lasts),
    signal,
    folder: '/',
    log: () => {},
    secret: () => Promise.reject(new SquallError('internal', 'no secret goes into a helper container')),
    random: Math.random,
    save: () => Promise.resolve(),
  }
  return { injector, context }
}

function toldError(error: unknown): { code?: string; message: string; hint?: string } {
  return error instanceof SquallError ? error.toJSON() : { message: (error as Error).message }
}

function say(line: HelperLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
