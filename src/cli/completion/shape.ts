/** What the command line understands, as data: read from commander's own tree, so that completion never knows other words than the program. */
import type { Argument, Command as Commander, Option } from 'commander'

/** What may stand at a place: words that are known, or a kind that the shell or `squall __complete` lists. */
export type Value =
  | { kind: 'words'; words: string[] }
  | { kind: 'document' | 'file' | 'folder' | 'run' | 'experiment' | 'fault' | 'proxy' | 'anything' }

export interface OptionShape {
  /** `-h`, `--help`. */
  names: string[]
  says: string
  /** Undefined for a switch. */
  value?: Value
}

export interface CommandShape {
  name: string
  says: string
  arguments: { value: Value; many: boolean }[]
  options: OptionShape[]
}

export interface CommandLineShape {
  /** As help shows them, in its order; each with its own options and those that all have. */
  commands: CommandShape[]
  /** Options that may stand before a command. */
  globals: OptionShape[]
}

export function commandLineShape(program: Commander): CommandLineShape {
  const helper = program.createHelp()
  const commands = helper.visibleCommands(program)
  const names = commands.map((command) => command.name())
  const everywhere = program.options.filter(({ hidden, long }) => !hidden && long !== '--version')
  return {
    commands: commands.map((command) => ({
      name: command.name(),
      says: command.description(),
      arguments: command.registeredArguments.map((one) => ({ value: argumentValue(one, names), many: one.variadic })),
      options: [...helper.visibleOptions(command), ...everywhere].map(optionShape),
    })),
    globals: helper.visibleOptions(program).map(optionShape),
  }
}

function optionShape(option: Option): OptionShape {
  const names = [option.short, option.long].filter((name) => typeof name === 'string')
  const takesValue = option.required || option.optional
  return { names, says: option.description, ...(takesValue && { value: optionValue(option) }) }
}

/** By the word that help shows for it: `<file>` is an experiment, `[run]` the id of a run. */
const argumentKinds: Record<string, Exclude<Value['kind'], 'words'>> = {
  file: 'document',
  place: 'file',
  run: 'run',
  a: 'run',
  b: 'run',
  name: 'experiment',
  type: 'fault',
  proxy: 'proxy',
}

function argumentValue(argument: Argument, commands: string[]): Value {
  if (argument.argChoices) return { kind: 'words', words: argument.argChoices }
  const name = argument.name()
  if (name === 'command') return { kind: 'words', words: commands }
  return written(name) ?? { kind: argumentKinds[name] ?? 'anything' }
}

function optionValue({ argChoices, flags }: Option): Value {
  if (argChoices) return { kind: 'words', words: argChoices }
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? ''
  return written(placeholder) ?? { kind: placeholder === 'file' ? 'file' : placeholder === 'dir' ? 'folder' : 'anything' }
}

/** `<bash|zsh|fish>` says itself what may stand there. */
function written(placeholder: string): Value | undefined {
  const words = placeholder.split('|')
  return words.length > 1 ? { kind: 'words', words } : undefined
}
