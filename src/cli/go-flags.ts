/** `toxiproxy-server -port 8474 -proxy-metrics=true`: flags as Go's programs take them, turned into options as ours do. */
import { SquallError } from '../errors.ts'

const withValue = ['host', 'port', 'config', 'state', 'seed', 'allow-host']
const switches = ['proxy-metrics', 'runtime-metrics', 'version', 'help']

const yes = ['', '1', 't', 'T', 'true', 'TRUE', 'True']
const no = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/** Words of `squall proxy …`. One dash is as good as two; `-version` is the server's, `--version` Squall's own. */
export function fromGoFlags(words: readonly string[]): string[] {
  const options: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const [, dashes = '', name = '', equals, value = ''] = /^(--?)([a-z-]+)(=)?(.*)$/s.exec(word) ?? []
    if (withValue.includes(name)) {
      if (equals) options.push(`--${name}=${value}`)
      else if (i + 1 < words.length) options.push(`--${name}=${words[++i]}`)
      else throw new SquallError('usage', `-${name} needs a value`, { hint: 'See squall proxy --help.' })
    } else if (switches.includes(name)) {
      if (yes.includes(value)) options.push(name === 'version' && dashes === '-' ? '--server-version' : `--${name}`)
      else if (!no.includes(value))
        throw new SquallError('usage', `${value} is neither true nor false, for -${name}`, { hint: `-${name} alone means true.` })
    } else options.push(word)
  }
  return options
}
