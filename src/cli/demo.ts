/** `squall demo [NAME]`: starts the small system of a scenario, to run its experiment against it. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nearest } from '../document/nearest.ts'
import { SquallError } from '../errors.ts'
import { findSystemProgram } from '../system/children.ts'
import { packagePath } from '../system/package-path.ts'
import { isRoot } from '../system/paths.ts'
import type { Command, CommandContext } from './context.ts'
import { table } from './output.ts'
import { schemaFor } from './schema-path.ts'

/** As scenarios/lib/target.ts has it; that is no part of the library. */
interface DemoTarget {
  port: number
  needs?: { programs?: readonly { program: string; package: string }[]; root?: true }
  start(options: { port: number; survives: boolean }): Promise<{
    url: string
    vars: Record<string, string>
    parts: string[]
    broken: Promise<string>
    stop(): Promise<void>
  }>
}

interface Scenario {
  name: string
  folder: string
  /** The first line of its page, without the mark of a heading. */
  asks: string
}

interface DemoOptions {
  weak?: boolean
  survives?: boolean
  port?: number
  copy?: string
}

/** Exit 0 when it was told to stop; 5 when something of it ended by itself. */
const demo: Command<DemoOptions> = async ([name], options, context) => {
  const all = scenarios()
  if (name === undefined) return list(all, context)
  const scenario = all.find((one) => one.name === name || one.folder.endsWith(`/${name}`))
  if (!scenario) throw unknown(name, all)
  if (options.copy !== undefined) return copy(scenario, options.copy, context)
  if (options.weak && options.survives)
    throw new SquallError('usage', '--weak and --survives exclude each other', { hint: 'Give one of them.' })
  return run(scenario, options, context)
}
export default demo

function scenarios(): Scenario[] {
  const root = packagePath('scenarios')
  return readdirSync(root)
    .filter((entry) => existsSync(join(root, entry, 'experiment.yaml')))
    .sort()
    .map((entry) => {
      const page = readFileSync(join(root, entry, 'README.md'), 'utf8')
      return { name: entry.replace(/^\d+-/, ''), folder: join(root, entry), asks: (page.split('\n', 1)[0] ?? '').replace(/^#+\s*/, '') }
    })
}

function list(all: readonly Scenario[], context: CommandContext): number {
  const listed = all.map(({ name, asks, folder }) => ({
    name,
    asks,
    experiment: join(folder, 'experiment.yaml'),
    page: join(folder, 'README.md'),
  }))
  if (context.json) context.out(JSON.stringify({ schema: 'squall.demo/1', scenarios: listed }, null, 2))
  else {
    context.out(table(all.map(({ name, asks }) => [name, asks])))
    context.err('squall demo NAME starts the system of one, and says how to run its experiment; --survives the form that withstands it')
  }
  return 0
}

function unknown(name: string, all: readonly Scenario[]): SquallError {
  const near = nearest(
    name,
    all.map((one) => one.name),
  )
  return new SquallError('usage', `there is no scenario ${name}`, {
    hint: near === undefined ? 'squall demo lists them.' : `Did you mean ${near}? squall demo lists all.`,
  })
}

/** The document, its page and what they need, as a beginning for one's own. */
function copy({ folder }: Scenario, to: string, context: CommandContext): number {
  const files = readdirSync(folder)
    .filter((file) => file !== 'target.ts')
    .map((file) => ({ from: join(folder, file), to: join(to, file) }))
  const there = files.find((file) => existsSync(file.to))
  if (there) throw new SquallError('file-exists', `${there.to} is there already`)
  mkdirSync(to, { recursive: true })
  for (const file of files)
    if (file.to.endsWith('.yaml')) writeFileSync(file.to, withSchema(readFileSync(file.from, 'utf8'), resolve(file.to)))
    else cpSync(file.from, file.to)
  if (context.json) context.out(JSON.stringify({ schema: 'squall.demo/1', written: files.map((file) => file.to) }, null, 2))
  else context.out(files.map((file) => `wrote ${file.to}`).join('\n'))
  return 0
}

/** An editor looks for the schema from where the document is now. */
function withSchema(document: string, file: string): string {
  return document.replace(/(?<=^# yaml-language-server: \$schema=).*$/m, () => schemaFor(file))
}

async function run(scenario: Scenario, options: DemoOptions, context: CommandContext): Promise<number> {
  const target = await load(scenario)
  mustBeAble(scenario, target)
  const told = untilTold()
  const survives = options.survives === true
  const running = await start(target, { port: options.port ?? target.port, survives }, scenario)
  const experiment = shown(join(scenario.folder, 'experiment.yaml'))
  const vars = Object.entries(running.vars).flatMap(([key, value]) => ['--var', `${key}=${value}`])
  const command = ['squall', 'run', experiment, ...vars]
  if (context.json) {
    const data = {
      schema: 'squall.demo/1',
      name: scenario.name,
      form: survives ? 'survives' : 'weak',
      url: running.url,
      command,
      parts: running.parts,
    }
    context.out(JSON.stringify(data, null, 2))
  } else {
    context.out(`${scenario.name}, the form that ${survives ? 'survives' : 'does not survive'}: ${running.url}`)
    for (const part of running.parts) context.out(`  ${part}`)
    context.out(`Run in a second terminal:\n  ${command.join(' ')}`)
    context.out(`What it asks, and what a good answer looks like: ${shown(join(scenario.folder, 'README.md'))}\nCtrl-C ends it.`)
  }
  const accident = await Promise.race([told.then(() => null), running.broken])
  await running.stop()
  if (accident === null) return 0
  throw new SquallError('demo-ended', `the system of ${scenario.name} ended: ${accident}`)
}

async function load({ folder }: Scenario): Promise<DemoTarget> {
  const entry = folder.slice(folder.lastIndexOf('/') + 1)
  const file = import.meta.url.endsWith('.ts') ? join(folder, 'target.ts') : packagePath(`dist/scenario-${entry}.js`)
  return ((await import(pathToFileURL(file).href)) as { default: DemoTarget }).default
}

function mustBeAble({ name }: Scenario, { needs }: DemoTarget): void {
  const missing = (needs?.programs ?? []).filter(({ program }) => findSystemProgram(program) === null)
  if (missing.length > 0)
    throw new SquallError('program-missing', `${name} needs ${missing.map(({ program }) => program).join(', ')}`, {
      hint: `On Debian: apt-get install ${[...new Set(missing.map((one) => one.package))].join(' ')}`,
    })
  if (needs?.root && !isRoot()) throw new SquallError('needs-root', `${name} changes what only root may change`)
}

async function start(
  target: DemoTarget,
  options: { port: number; survives: boolean },
  { name }: Scenario,
): ReturnType<DemoTarget['start']> {
  try {
    return await target.start(options)
  } catch (error) {
    throw new SquallError('demo-ended', `the system of ${name} did not start: ${(error as Error).message}`, {
      hint: 'Is a port of it taken? --port gives it others.',
      cause: error,
    })
  }
}

/** Resolves at the first signal, or when whoever started us is gone: SIGKILL of a parent sends its children nothing. */
function untilTold(): Promise<void> {
  const parent = process.ppid
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
    setInterval(() => process.ppid !== parent && resolve(), 500).unref()
  })
}

function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
