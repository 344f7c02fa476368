/** The author's own source, `type: ./source.ts`: its code runs in a limited child of the runner, which is started again when it has died. */
import { resolve } from 'node:path'
import * as z from 'zod/mini'
import type { Unit } from '../document/experiment.ts'
import { units } from '../document/shapes.ts'
import type { Sample } from '../records/run-data.ts'
import { wallMs } from '../system/clock.ts'
import { type CallContext, startUserCode, type UserCode } from '../system/user-code.ts'
import type { OwnSourceData, OwnSourceFacts } from './own-facts.ts'
import { readReading } from './reading.ts'
import type { Check, Source, SourceContext, Window } from './source.ts'

type Parameters = Record<string, unknown>

export interface OwnSource extends Source<Parameters> {
  close(): void
}

export interface OwnSourceOptions {
  /** From the document's folder. */
  path: string
  folder: string
  /** Default 256. */
  memoryMb?: number
}

/** ms that a call may take before its child is ended: what comes later than the next second is not used anyway. */
const callLimitMs = 5_000

/** Loads the module. One that cannot be used is a source whose check says so: it is told together with all other problems. */
export async function openOwnSource({ path, folder, memoryMb }: OwnSourceOptions): Promise<OwnSource> {
  const start = (): UserCode<OwnSourceFacts> =>
    startUserCode<OwnSourceFacts>({
      ...{ entry: 'source-host', path: resolve(folder, path), folder, callLimitMs, dieWithParent: true },
      ...(memoryMb === undefined ? {} : { memoryMb }),
    })
  let host = start()
  const shared = { type: path, config: z.record(z.string(), z.unknown()), needs: () => [], close: () => host.close() }
  let facts: OwnSourceFacts
  try {
    facts = await host.loaded
  } catch (error) {
    host.close()
    const problem = `${path} cannot be used as a source: ${(error as Error).message}`
    return { ...shared, check: async () => ({ step: 1000, problems: [problem] }) }
  }
  async function call(method: string, args: readonly unknown[], context: SourceContext): Promise<unknown> {
    if (!host.alive) host = start()
    await host.loaded
    return host.call(method, args, callContext(context))
  }
  const now: NonNullable<OwnSource['now']> = async (config, query, context) => readReading(await call('now', [config, query], context))
  const range: NonNullable<OwnSource['range']> = async (config, query, window, context) =>
    readSamples(await call('range', [config, query, window], context))

  return {
    ...shared,
    ...(facts.remembers ? { range, lag: facts.lag } : { now }),
    async check(config, query, context) {
      if (facts.checks) return readCheck(await call('check', [config, query], context))
      const problems: string[] = []
      if (facts.remembers) await range(config, query, lastMinute(), context)
      else {
        const reading = await now(config, query, context)
        if ('missing' in reading) problems.push(reading.missing)
      }
      return { step: 1000, problems }
    },
  }
}

function lastMinute(): Window {
  const to = wallMs()
  return { from: to - 60_000, to }
}

function callContext(context: SourceContext): CallContext {
  const data: OwnSourceData = { folder: context.folder, measure: context.measure, step: context.step ?? 1000 }
  return {
    data,
    signal: context.signal,
    log: (line) => context.log(line),
    answer: (_, name) => context.secret(String(name)),
  }
}

function readSamples(value: unknown): Sample[] {
  if (!Array.isArray(value)) throw new Error('range must give a list of samples')
  return value.map((sample: unknown, index) => {
    const at = (sample as { at?: unknown } | null)?.at
    if (typeof at !== 'number' || !Number.isFinite(at)) throw new Error(`sample ${index} of range has no time “at” in ms since the epoch`)
    return { at, ...readReading(sample) }
  })
}

function readCheck(value: unknown): Check {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const list = (key: string): string[] => (Array.isArray(given[key]) ? given[key].map(String) : [])
  const check: Check = { step: 1000, problems: list('problems'), notes: list('notes') }
  const take = (key: 'step' | 'factor' | 'skew', fits: (number: number) => boolean, wanted: string): void => {
    const number = given[key]
    if (number === undefined) return
    if (typeof number === 'number' && fits(number)) check[key] = number
    else check.problems.push(`check gave ${key} ${String(number)}: ${wanted}`)
  }
  take('step', (ms) => ms >= 1000, '1000 ms or more')
  take('factor', (times) => times > 0, 'a number above 0')
  take('skew', Number.isFinite, 'a number of ms')
  if (given.unit !== undefined) {
    if ((units as readonly unknown[]).includes(given.unit)) check.unit = given.unit as Unit
    else check.problems.push(`check gave the unit ${String(given.unit)}: one of ${units.join(', ')}`)
  }
  return check
}
