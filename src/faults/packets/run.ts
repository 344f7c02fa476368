/** Runs the commands of a fault, in the namespace that is meant. */
import { SquallError } from '../../errors.ts'
import { findSystemProgram, runChild } from '../../system/children.ts'
import { type Command, commandText, type Reversible } from './command.ts'
import { entering, type Netns } from './netns.ts'

const patience = 5_000

/** What became of a command: its output, or why it failed. `gone`: the namespace is not there any more. */
export type Ran = { ok: true; stdout: string } | { ok: false; why: string; gone?: true }

export async function tryCommand(
  { argv, input }: Command,
  netns: Netns | null,
  options: { mark?: string; signal?: AbortSignal } = {},
): Promise<Ran> {
  const enter = entering(netns)
  if (!enter) return { ok: false, why: `the network namespace ${netns?.name} is gone`, gone: true }
  const program = findSystemProgram(argv[0]) ?? argv[0]
  const ran = await runChild({
    argv: [...enter, program, ...argv.slice(1)] as [string, ...string[]],
    timeLimit: patience,
    ...(input !== undefined && { input }),
    ...options,
  })
  if (ran.code === 0) return { ok: true, stdout: ran.stdout }
  if (ran.failed) return { ok: false, why: `${argv[0]} cannot be run: ${ran.failed.message}` }
  return { ok: false, why: ran.timedOut ? `takes longer than ${patience / 1000} s` : firstLines(ran.stderr) }
}

/** In order; ends at the first that fails. @throws SquallError `fault-failed` */
export async function applyAll(commands: readonly Reversible[], netns: Netns | null, mark: string, signal: AbortSignal): Promise<void> {
  for (const { do: command } of commands) {
    signal.throwIfAborted()
    const ran = await tryCommand(command, netns, { mark: `${mark}/inject`, signal })
    if (!ran.ok) throw new SquallError('fault-failed', `${commandText({ argv: command.argv })}: ${ran.why}`)
  }
}

/** In reverse; one that has nothing to undo any more is fine, the look tells what is left. */
export async function undoAll(commands: readonly Reversible[], netns: Netns | null): Promise<void> {
  for (const { undo } of commands.toReversed()) if (undo) await tryCommand(undo, netns)
}

/** What a command prints as JSON, such as `ip -j` and `tc -j` do. @throws when it can't be told; null: the namespace is gone */
export async function askJson<T>(argv: Command['argv'], netns: Netns | null): Promise<T | null> {
  const ran = await tryCommand({ argv }, netns)
  if (ran.ok) return JSON.parse(ran.stdout.trim() || '[]') as T
  if (ran.gone) return null
  throw new Error(`${commandText({ argv })}: ${ran.why}`)
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 2).join(' ')
}
