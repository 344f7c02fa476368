/** Completion for fish. */
import type { CommandShape, OptionShape, Value } from './shape.ts'

export function fishScript(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  return `# Completion of squall for fish, made by: squall completion fish
# Paths as fish offers them for any program: folders, and files whose name ends with one of the endings.
function __squall_documents
    complete -C "__squall_any_program "(commandline -ct) | string match -r '^.*(?:/|\\.(?:ya?ml|json|ts))$'
end
complete -c squall -f
${commands.map(({ name, says }) => line('__fish_use_subcommand', `-a ${name} -d ${quoted(says)}`)).join('\n')}
${globals.map((option) => line('__fish_use_subcommand', optionWords(option))).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`
}

function commandLines({ name, arguments: list, options }: CommandShape): string[] {
  const when = `__fish_seen_subcommand_from ${name}`
  // fish does not count arguments: those of all places are offered.
  const offers = new Set(list.map(({ value }) => offer(value)).filter((words) => words !== ''))
  return [...[...offers].map((words) => line(when, words)), ...options.map((option) => line(when, optionWords(option)))]
}

function line(when: string, rest: string): string {
  return `complete -c squall -n ${quoted(when)} ${rest}`
}

function optionWords({ names, says, value }: OptionShape): string {
  const switches = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  return [...switches, `-d ${quoted(says)}`, ...(value ? ['-r', offer(value)] : [])].filter((word) => word !== '').join(' ')
}

function offer(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `-a ${quoted(value.words.join(' '))}`
    case 'document':
      return "-a '(__squall_documents)'"
    case 'file':
      return '-F'
    case 'folder':
      return "-a '(__fish_complete_directories)'"
    case 'run':
    case 'experiment':
    case 'fault':
    case 'proxy':
      return `-k -a '(squall __complete ${value.kind} 2>/dev/null)'`
    case 'anything':
      return ''
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
