/** Completion for zsh: to be sourced after compinit, or as the file `_squall` in a folder of fpath. */
import type { CommandShape, OptionShape, Value } from './shape.ts'

export function zshScript(commands: readonly CommandShape[], globals: readonly OptionShape[]): string {
  return `#compdef squall
# Completion of squall for zsh, made by: squall completion zsh
_squall() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  local -a commands
  commands=(
${commands.map(({ name, says }) => `    ${quoted(`${name}:${says}`)}`).join('\n')}
  )
  _arguments -C ${globals.map(optionSpec).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands 'command of squall' commands ;;
    rest)
      curcontext="\${curcontext%:*}-$words[1]:"
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}

# What Squall itself lists: runs, experiments, faults, proxies.
_squall_ask() {
  local -a lines found
  local line
  lines=("\${(@f)$(_call_program squall squall __complete $1 2>/dev/null)}")
  for line in $lines; do
    if [[ -n $line ]]; then found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); fi
  done
  _describe -t $1 $1 found
}

_squall_run() { _squall_ask run }
_squall_experiment() { _squall_ask experiment }
_squall_fault() { _squall_ask fault }
_squall_proxy() { _squall_ask proxy }
_squall_document() { _files -g '*.(yaml|yml|json|ts)(-.)' }

if [[ $funcstack[1] == _squall ]]; then
  _squall "$@"
else
  compdef _squall squall
fi
`
}

function commandCase({ name, arguments: list, options }: CommandShape): string {
  const places = list.map(({ value, many }, index) => quoted(`${many ? '*' : index + 1}:${kindWord(value)}:${action(value)}`))
  return `        ${name}) _arguments ${[...options.map(optionSpec), ...places].join(' ')} ;;`
}

/** `'(-h --help)'{-h,--help}'[show help]'`, in zsh's own notation; `--out=` says that its value may come after `=` too. */
function optionSpec({ names, says, value }: OptionShape): string {
  const after = `[${says.replace(/[[\]\\]/g, '\\$&')}]${value ? `:${kindWord(value)}:${action(value)}` : ''}`
  const written = names.map((name) => (value && name.startsWith('--') ? `${name}=` : name))
  if (written.length === 1) return quoted(`${written[0]}${after}`)
  return `${quoted(`(${names.join(' ')})`)}{${written.join(',')}}${quoted(after)}`
}

function action(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`
    case 'file':
      return '_files'
    case 'folder':
      return '_files -/'
    case 'anything':
      return ' '
    case 'document':
    case 'run':
    case 'experiment':
    case 'fault':
    case 'proxy':
      return `_squall_${value.kind}`
  }
}

function kindWord({ kind }: Value): string {
  return kind === 'words' || kind === 'anything' ? 'value' : kind
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
