/** A command that changes the network, and its inverse: plain data, so that it can be shown, journaled, and run anywhere. */

export interface Command {
  argv: readonly [string, ...string[]]
  /** What it reads from its standard input. */
  input?: string
}

export interface Reversible {
  do: Command
  /** Null: what undoes an earlier one undoes this one too. */
  undo: Command | null
}

/** As people would type it. */
export function commandText({ argv, input }: Command): string {
  const line = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  return input === undefined ? line : `${line} <<'END'\n${input.trimEnd()}\nEND`
}

/** `enter`: what leads into the network namespace. */
export function stepOf({ do: does, undo }: Reversible, enter: readonly string[] = []): { does: string; undoes: string } {
  const text = (command: Command): string => commandText({ ...command, argv: [...enter, ...command.argv] as [string, ...string[]] })
  return { does: text(does), undoes: undo ? text(undo) : '' }
}
