/** How help reads: purpose, usage, examples, commands by group, options, exit codes. At most 100 columns wide. */
import type { Command as Commander, Help, HelpConfiguration } from 'commander'
import type { CommandEntry } from './commands.ts'

const purpose = 'Squall runs chaos experiments: it measures, injects a fault, always rolls back, and says honestly what happened.'

const examples = [
  ['squall init', 'look around and write a first experiment'],
  ['squall plan checkout.yaml', 'what would be changed, and how it is undone'],
  ['squall run checkout.yaml', 'run the experiment'],
  ['squall halt', 'stop everything now'],
] as const

const exitCodes =
  'Exit codes: 0 passed · 1 failed · 2 refused before anything was started · 3 inconclusive · 4 aborted · 5 error · 6 something may be left behind'

/** Columns of help on a terminal of this width; 80 where there is none. */
function width(columns: number | undefined): number {
  return Math.min(columns ?? 80, 100)
}

/** Help of `squall` itself. */
export function rootHelp(program: Commander, given?: Help): string {
  const helper = given ?? program.createHelp()
  helper.helpWidth = width(process.stdout.columns)
  const termWidth = Math.max(...program.commands.map((one) => shortTerm(one).length), ...examples.map(([line]) => line.length))
  const items = (list: readonly (readonly [string, string])[]): string[] =>
    list.map(([term, says]) => helper.formatItem(term, termWidth, says, helper))
  const groups = helper.groupItems([...program.commands], helper.visibleCommands(program), (one) => one.helpGroup() || 'Other:')
  const sections = [
    [helper.boxWrap(purpose, helper.helpWidth)],
    [`${helper.styleTitle('Usage:')} ${helper.commandUsage(program)}`],
    [helper.styleTitle('Examples:'), ...items(examples)],
    ...[...groups].map(([title, list]) => [
      helper.styleTitle(title),
      ...items(list.map((one) => [shortTerm(one), helper.subcommandDescription(one)] as const)),
    ]),
    [
      helper.styleTitle('Options:'),
      ...items(helper.visibleOptions(program).map((one) => [helper.optionTerm(one), helper.optionDescription(one)] as const)),
    ],
    [helper.boxWrap(exitCodes, helper.helpWidth)],
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** `run <file>`: the word `[options]` on each line would only take room. */
function shortTerm(command: Commander): string {
  const words = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}…` : one.name()
    return one.required ? `<${name}>` : `[${name}]`
  })
  return [command.name(), ...words].join(' ')
}

/** Help of one command: commander's layout, with the options that every command has and this command's examples. */
export function helpFor(entry: CommandEntry): HelpConfiguration {
  return {
    helpWidth: width(process.stdout.columns),
    showGlobalOptions: true,
    formatHelp(command, helper) {
      const standard = Object.getPrototypeOf(helper) as Help
      return `${standard.formatHelp.call(helper, command, helper)}\n${helper.styleTitle('Examples:')}\n${entry.examples.map((one) => `  ${one}`).join('\n')}\n`
    },
  }
}
