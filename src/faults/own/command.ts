/** `command`: the author's own programs inject, roll back and check. */
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { argv, duration, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { allowedEnvironment, type Finished, findProgram, runChild } from '../../system/children.ts'
import type { Change, Injector, Look } from '../injector.ts'

const spec = z.strictObject({
  inject: argv.describe('Makes the change.'),
  rollback: argv.describe('Undoes it; must work any number of times, also when nothing was injected. Exit 0: done.'),
  check: argv.describe('Asks the world: exit 0 active, 1 not active, anything else: cannot be told.'),
  cwd: text.optional().describe('Working folder, relative to the document; default: the folder of the document.'),
  env: z.array(text).optional().describe('Names of environment variables that are passed on besides PATH, HOME and the like.'),
  timeout: duration.optional().describe('For each of the three programs; default 30s.'),
  expires: duration.optional().describe('The change ends by itself after this time, even if nobody rolls it back.'),
})
type Spec = z.infer<typeof spec>
type Argv = [string, ...string[]]

/** Resolved at plan: what stands here is run, whatever the folder or PATH of a later process is. */
export type CommandState = {
  inject: Argv
  rollback: Argv
  check: Argv
  cwd: string
  /** Names, never values. */
  env: string[]
  /** ms */
  timeout: number
}

/** ms: the engine gives a look no more. */
const checkLimit = 9_000

export const command: Injector<Spec, CommandState> = {
  type: 'command',
  places: ['none'],
  spec,
  needs: (asked) => [asked.inject, asked.rollback, asked.check].map(([program]) => ({ command: program })),

  async plan(asked, _target, context): Promise<Change<CommandState>> {
    const cwd = resolve(context.folder, asked.cwd ?? '.')
    const state: CommandState = {
      inject: programOf(asked.inject, context.folder),
      rollback: programOf(asked.rollback, context.folder),
      check: programOf(asked.check, context.folder),
      cwd,
      env: asked.env ?? [],
      timeout: asked.timeout ?? 30_000,
    }
    return {
      state,
      does: `run ${shown(asked.inject)}`,
      undoes: `run ${shown(asked.rollback)}`,
      ...(asked.expires === undefined ? {} : { expires: `after ${asked.expires / 1000} s` }),
    }
  },

  async inject(state, context) {
    const result = await run(state, 'inject', { mark: `${context.mark}/inject`, dieWithParent: true, signal: context.signal })
    if (result.code !== 0) throw new SquallError('fault-failed', `the inject command ${failure(result, state.timeout)}`)
    if (result.stdout.trim()) context.log(`inject: ${lastLine(result.stdout)}`)
  },

  async rollback(state) {
    const result = await run(state, 'rollback', {})
    if (result.code !== 0) throw new SquallError('left-behind', `the rollback command ${failure(result, state.timeout)}`)
  },

  async look(state): Promise<Look> {
    const timeout = Math.min(state.timeout, checkLimit)
    const result = await run({ ...state, timeout }, 'check', { dieWithParent: true })
    if (result.code !== 0 && result.code !== 1) throw new SquallError('look-failed', `the check command ${failure(result, timeout)}`)
    const said = lastLine(result.stdout)
    return { active: result.code === 0, seen: `${shown(state.check)} exited with ${result.code}${said ? `: ${said}` : ''}` }
  },
}

type RunOptions = Omit<Parameters<typeof runChild>[0], 'argv' | 'cwd' | 'env' | 'timeLimit'>

function run(state: CommandState, what: 'inject' | 'rollback' | 'check', options: RunOptions): Promise<Finished> {
  return runChild({ ...options, argv: state[what], cwd: state.cwd, env: allowedEnvironment(state.env), timeLimit: state.timeout })
}

/** The program by its absolute path; arguments stay as they are. @throws SquallError `program-missing` */
export function programOf([program, ...rest]: readonly [string, ...string[]], folder: string): Argv {
  const named = program.includes('/') && !isAbsolute(program) ? resolve(folder, program) : program
  const found = findProgram(named)
  if (found) return [found, ...rest]
  throw new SquallError('program-missing', `the program ${program} cannot be found${program.includes('/') ? ` at ${named}` : ' in PATH'}, or may not be run`)
}

function failure(result: Finished, timeout: number): string {
  if (result.failed) return `could not be started: ${result.failed.message}`
  const said = lastLine(result.stderr) || lastLine(result.stdout)
  const tail = said ? `: ${said}` : ''
  if (result.tooMuch) return 'printed more than 1 MiB and was ended'
  if (result.timedOut) return `took longer than ${timeout / 1000} s and was ended${tail}`
  return `${result.signal ? `was ended by ${result.signal}` : `exited with ${result.code}`}${tail}`
}

function lastLine(output: string): string {
  return (output.trim().split('\n').at(-1) ?? '').slice(0, 500)
}

function shown(list: readonly string[]): string {
  return list.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : JSON.stringify(part))).join(' ')
}
