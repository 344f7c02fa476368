/** Two network namespaces of a test's own, joined by a cable; nothing of the machine's own network is touched. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface Cable {
  /** Name of the namespace at this end (10.77.0.1, fd77::1) and at the other (10.77.0.2, fd77::2); the interfaces are v0 and v1. */
  here: string
  there: string
  /** Runs a program at this end; its output. @throws when it fails */
  run(...argv: string[]): string
  /** Its output, empty when it fails. */
  tries(...argv: string[]): string
  /** Runs it at the other end. */
  runThere(...argv: string[]): string
  /** Everything a fault of the network could have changed at this end, as text. */
  state(): string
  remove(): void
}

let count = 0

/** Why there can be none, for `skip`. */
export function cannotCable(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  return ['/usr/sbin/nft', '/usr/bin/nsenter', '/sbin/tc'].find((path) => !existsSync(path)) ?? false
}

export function layCable(): Cable {
  const [here, there] = ['a', 'b'].map((end) => `squall-${process.pid}-${++count}${end}`) as [string, string]
  const ip = (...argv: string[]): string => execFileSync('ip', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const inside =
    (name: string) =>
    (...argv: string[]): string =>
      ip('netns', 'exec', name, ...argv)
  const [run, runThere] = [inside(here), inside(there)]
  const remove = (): void => {
    for (const name of [here, there]) spawnSync('ip', ['netns', 'del', name])
  }
  try {
    for (const name of [here, there]) ip('netns', 'add', name)
    ip('-n', here, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', there)
    for (const [name, link, n] of [
      [here, 'v0', 1],
      [there, 'v1', 2],
    ] as const) {
      ip('-n', name, 'addr', 'add', `10.77.0.${n}/24`, 'dev', link)
      ip('-n', name, 'addr', 'add', `fd77::${n}/64`, 'dev', link, 'nodad')
      for (const one of ['lo', link]) ip('-n', name, 'link', 'set', one, 'up')
    }
  } catch (error) {
    remove()
    throw error
  }
  const withoutCounts = (text: string): string =>
    text.replaceAll(/ (?:expires \w+|packets \d+|bytes \d+|refcnt \d+|direct_packets_stat \d+)/g, '').replaceAll(/\w+: index \d+/g, '')
  return {
    here,
    there,
    run,
    runThere,
    tries: (...argv) => spawnSync('ip', ['netns', 'exec', here, ...argv], { encoding: 'utf8' }).stdout,
    state: () =>
      withoutCounts(
        [
          ['nft', 'list', 'ruleset'],
          ['tc', 'qdisc', 'show'],
          ['tc', 'class', 'show', 'dev', 'v0'],
          ['tc', 'filter', 'show', 'dev', 'v0'],
          ['tc', 'filter', 'show', 'dev', 'v0', 'ingress'],
          ['ip', '-o', '-d', 'link'],
          ['ip', 'route'],
        ]
          .map(
            ([program = '', ...rest]) =>
              `${program} ${rest.join(' ')}\n${spawnSync('ip', ['netns', 'exec', here, program, ...rest], { encoding: 'utf8' }).stdout}`,
          )
          .join('\n'),
      ),
    remove,
  }
}
