/** The user's own fault as three programs: one does it, one undoes it, one says whether it is there. */
import { resolve } from 'node:path'
import * as z from 'zod/mini'
import { argv, duration, says, text } from '../../document/schema-types.ts'
import { readSecrets } from '../../document/secrets.ts'
import { SquallError } from '../../errors.ts'
import { allowedEnvironment, type Finished, runChild } from '../../system/children.ts'
import { absoluteProgram, endWords, lastLine } from '../../system/programs.ts'
import type { Context, Injector, Json } from '../injector.ts'

const spec = z.strictObject({
  inject: says('The program that does it, with its arguments; no shell.', argv),
  rollback: says('The program that undoes it. It may be run more than once.', argv),
  check: says('Exit status 0: the fault is there; 1: it is not; anything else: can’t tell.', argv),
  cwd: says('Working directory; default: the folder of the document.', z.optional(text)),
  env: says('Names of environment variables the programs get to see.', z.optional(z.array(text))),
  secrets: says(
    'Names of secrets that the programs get as environment variables of that name; never recorded, never shown.',
    z.optional(z.array(text)),
  ),
  timeout: says('How long each program may take; default 30s.', z.optional(duration)),
  expires: says(
    'When what inject does ends by itself, even if all of Squall is dead, e.g. “after 60s”. Needed in production.',
    z.optional(text),
  ),
})

interface CommandSpec {
  inject: string[]
  rollback: string[]
  check: string[]
  cwd?: string
  env?: string[]
  secrets?: string[]
  timeout?: number
  expires?: string
}

type CommandState = {
  inject: string[]
  rollback: string[]
  check: string[]
  cwd: string
  env: string[]
  secrets: string[]
  timeout: number
} & {
  [key: string]: Json
}

/** ms: a little less than what the engine gives a look, so that the reason is ours. */
const lookLimit = 9_000

export const command: Injector<CommandSpec, CommandState> = {
  type: 'command',
  places: ['none'],
  spec: says('Your own fault as three programs: inject, rollback, check.', spec) as unknown as z.core.$ZodType<CommandSpec>,
  needs: ({ inject, rollback, check, secrets = [] }) => [
    ...[...new Set([inject, rollback, check].map(([program]) => program as string))]
      .filter((name) => !name.includes('/'))
      .map((name) => ({ command: name })),
    ...secrets.map((secret) => ({ secret })),
  ],
  plan(spec, _target, context) {
    const cwd = resolve(context.folder, spec.cwd ?? '.')
    const state: CommandState = {
      inject: absoluteProgram(spec.inject, context.folder),
      rollback: absoluteProgram(spec.rollback, context.folder),
      check: absoluteProgram(spec.check, context.folder),
      cwd,
      env: spec.env ?? [],
      secrets: spec.secrets ?? [],
      timeout: spec.timeout ?? 30_000,
    }
    return Promise.resolve({
      state,
      does: `run ${state.inject.join(' ')}`,
      undoes: `run ${state.rollback.join(' ')}`,
      steps: [{ does: state.inject.join(' '), undoes: state.rollback.join(' ') }],
      ...(spec.expires ? { expires: expiryWords(spec.expires) } : {}),
    })
  },
  async inject(state, context) {
    const result = await execute(state, state.inject, context, { mark: `${context.mark}/inject`, signal: context.signal })
    if (result.code !== 0) throw new SquallError('fault-failed', `${state.inject.join(' ')} ${endWords(result)}`)
  },
  async rollback(state, context) {
    const result = await execute(state, state.rollback, context)
    if (result.code !== 0) throw new Error(`${state.rollback.join(' ')} ${endWords(result)}`)
  },
  async look(state, context) {
    const result = await execute({ ...state, timeout: Math.min(state.timeout, lookLimit) }, state.check, context)
    if (result.code !== 0 && result.code !== 1) throw new Error(`${state.check.join(' ')} ${endWords(result)}`)
    const said = lastLine(result.stdout)
    return { active: result.code === 0, seen: `${state.check.join(' ')} ended with ${result.code}${said ? `: ${said}` : ''}` }
  },
}

/** It stands behind “by itself”: a bare duration gets its word. */
function expiryWords(expires: string): string {
  return /^\d+(\.\d+)?(ms|s|m|h)$/.test(expires) ? `after ${expires}` : expires
}

async function execute(
  state: CommandState,
  argv: string[],
  context: Context<CommandState>,
  injecting?: { mark: string; signal: AbortSignal },
): Promise<Finished> {
  return runChild({
    argv: argv as [string, ...string[]],
    cwd: state.cwd,
    env: { ...allowedEnvironment(state.env), ...(await readSecrets(state.secrets, context.secret)) },
    timeLimit: state.timeout,
    ...(injecting ? { ...injecting, dieWithParent: true } : {}),
  })
}
