/** The command line: the table of commands handed to commander, errors for people, exit codes (`design.md` §4). */
import { Command as Commander, CommanderError, Option } from 'commander'
import { SquallError } from '../errors.ts'
import { version } from '../system/version.ts'
import { type CommandEntry, commands } from './commands.ts'
import { helpFor, rootHelp } from './help.ts'
import { commandContext, type Streams, showError } from './output.ts'
import { quietWhenUnread } from './unread.ts'

/** Runs one command line (without `node` and the file's name) and returns the exit code. Never throws. */
export async function runCommandLine(given: readonly string[], streams: Streams = process): Promise<number> {
  let words = given
  if (words[0] === '__complete') {
    const { completions } = await import('./completion/dynamic.ts')
    for (const line of await completions(words[1] ?? '')) streams.stdout.write(`${line}\n`)
    return 0
  }
  // Read before anything is parsed: a wrong command line, too, is answered in the form and the colours that were asked for.
  const json = words.includes('--json')
  if (words.includes('--no-color')) {
    process.env.NO_COLOR = '1'
    delete process.env.FORCE_COLOR
  }
  const context = commandContext(streams, json)
  let exit = 0
  const program = frame(streams, commandsFor(words), async (entry, args, options) => {
    quietWhenUnread(streams, entry.reads)
    const command = await entry.load()
    exit = await command.default(args, options, {
      ...context,
      shape: async () => (await import('./completion/shape.ts')).commandLineShape(program),
    })
  })
  try {
    if (words[0] === 'proxy') words = ['proxy', ...(await import('./go-flags.ts')).fromGoFlags(words.slice(1))]
    if (words.length === 0) {
      streams.stderr.write(rootHelp(program))
      return 2
    }
    await program.parseAsync(words, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return showError(usageError(error, words), context)
  }
}

type Act = (entry: CommandEntry, args: string[], options: Record<string, unknown>) => Promise<void>

/** A command that is named first is made alone: the others and their options take longer than to check a document. Completion knows them all. */
function commandsFor([first]: readonly string[]): readonly CommandEntry[] {
  const named = commands.filter(({ name }) => name === first && name !== 'completion')
  return named.length > 0 ? named : commands
}

function frame(streams: Streams, entries: readonly CommandEntry[], act: Act): Commander {
  const program = new Commander('squall')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .option('--json', 'one JSON document on stdout')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ formatHelp: rootHelp })
    // Errors are shown once, in one form, by runCommandLine.
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => {},
    })
    .exitOverride()
  for (const entry of entries) program.addCommand(subcommand(entry, act).copyInheritedSettings(program).configureHelp(helpFor(entry)))
  return program
}

function subcommand(entry: CommandEntry, act: Act): Commander {
  const command = new Commander(entry.name).description(entry.says).helpGroup(`${entry.group}:`)
  for (const [name, says] of entry.arguments ?? []) command.argument(name, says)
  for (const { flags, says, read } of entry.options ?? []) {
    const option = new Option(flags, says)
    if (read) option.argParser(read as (text: string, before: unknown) => unknown)
    command.addOption(option)
  }
  return command.action(() => act(entry, command.args, command.opts()))
}

/** commander's words → our error: its text without the prefix, the suggestion (`Did you mean …?`) as the hint. */
function usageError(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error
  const command = words.find((word) => commands.some(({ name }) => name === word))
  const hint = `See squall ${command === undefined ? '' : `${command} `}--help.`
  if (error.code === 'commander.help')
    return new SquallError('usage', 'there is no such command, or none was given', { hint: 'See squall --help.' })
  const [sentence = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  return new SquallError('usage', sentence, { hint: suggestion ? suggestion.replace(/^\((.*)\)$/, '$1') : hint })
}
