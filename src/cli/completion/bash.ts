/** Completion for bash, from 3.2 on; needs no bash-completion package. */
import type { CommandShape, OptionShape, Value } from './shape.ts'

export function bashScript(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  return `# Completion of squall for bash, made by: squall completion bash
_squall() {
  local word command='' skip='' position=0 i
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then skip=1; continue; fi
    if [[ $skip ]]; then skip=''; continue; fi
    case "$command $word" in
      ${valued(commands).join(' | ') || '--'}) skip=1 ;;
      *' '-*) ;;
      ' '*) command=$word ;;
      *) ((position++)) ;;
    esac
  done
  case "$command $prev" in
${commands.flatMap(({ name, options }) => options.flatMap((option) => optionCase(name, option))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
      '') _squall_words "$cur" ${words(globals.flatMap(({ names }) => names))} ;;
${commands.map(({ name, options }) => `      ${name}) _squall_words "$cur" ${words(options.flatMap(({ names }) => names))} ;;`).join('\n')}
    esac
    return
  fi
  case "$command $position" in
    ' 0') _squall_words "$cur" ${words(commands.map(({ name }) => name))} ;;
${commands.flatMap(argumentCases).join('\n')}
  esac
}

# Of the given words, those that begin with the first.
_squall_words() {
  local cur=$1 word
  shift
  for word in "$@"; do if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi; done
}

# Paths: folders, and files whose name ends with one of the given endings (all, when none is given).
_squall_paths() {
  local cur=$1 path ending
  shift
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do
    if [[ -d $path || $# == 0 ]]; then COMPREPLY+=("$path"); continue; fi
    for ending in "$@"; do if [[ $path == *"$ending" ]]; then COMPREPLY+=("$path"); fi; done
  done < <(compgen -f -- "$cur")
}

# What Squall itself lists: runs, experiments, faults, proxies.
_squall_ask() {
  local word rest
  compopt -o nosort 2>/dev/null
  while IFS=$'\\t' read -r word rest; do
    if [[ $word == "$2"* ]]; then COMPREPLY+=("$word"); fi
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete "$1" 2>/dev/null)
}

complete -F _squall squall
`
}

/** Options whose next word is their value, as patterns of “command option”. */
function valued(commands: readonly CommandShape[]): string[] {
  return commands.flatMap(({ name, options }) =>
    options.flatMap(({ names, value }) => (value ? names.map((one) => `'${name} ${one}'`) : [])),
  )
}

function optionCase(command: string, { names, value }: OptionShape): string[] {
  return value ? [`    ${names.map((one) => `'${command} ${one}'`).join(' | ')}) ${reply(value)}; return ;;`] : []
}

function argumentCases({ name, arguments: list }: CommandShape): string[] {
  return list.map(({ value, many }, index) => `    '${name} '${many ? '*' : index}) ${reply(value)} ;;`)
}

function reply(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `_squall_words "$cur" ${words(value.words)}`
    case 'document':
      return `_squall_paths "$cur" .yaml .yml .json .ts`
    case 'file':
      return '_squall_paths "$cur"'
    case 'folder':
      return '_squall_paths "$cur" /'
    case 'run':
    case 'experiment':
    case 'fault':
    case 'proxy':
      return `_squall_ask ${value.kind} "$cur"`
    case 'anything':
      return ':'
  }
}

function words(list: readonly string[]): string {
  return list.map((word) => (/^[\w-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}
