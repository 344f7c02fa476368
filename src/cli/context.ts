import type { CommandLineShape } from './completion/shape.ts'

/** What a command gets from the command line: streams and switches, so that tests can stand in for them. */
export interface CommandContext {
  /** Data: stdout. */
  out(text: string): void
  /** Messages and progress: stderr. */
  err(text: string): void
  /** `--json`: exactly one JSON document on stdout. */
  json: boolean
  /** What the whole command line understands. */
  shape(): Promise<CommandLineShape>
}

/** Returns the exit code (`design.md` §4). Throws SquallError for what a person must fix. */
export type Command<Options = Record<string, unknown>> = (args: string[], options: Options, context: CommandContext) => Promise<number>
