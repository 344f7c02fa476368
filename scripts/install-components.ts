/** For a continuous-integration machine (Debian, as root): installs the programs that tests need and that are missing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { components, isInstalled, oldestNode } from './lib/components.ts'

function run(...argv: [string, ...string[]]): boolean {
  const { status, error } = spawnSync(argv[0], argv.slice(1), {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 10 * 60 * 1000,
  })
  if (error) process.stderr.write(`${argv[0]}: ${error.message}\n`)
  return status === 0
}

const missing = components.filter(({ program }) => !isInstalled(program))
const packages = [...new Set(missing.map((one) => one.package))]
if (packages.length > 0) {
  process.stderr.write(`missing: ${missing.map(({ program, package: name }) => `${program} (${name})`).join(', ')}\n`)
  const done = run('apt-get', 'update', '-q') && run('apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages)
  if (!done) process.exitCode = 1
}

if (!existsSync(oldestNode)) {
  process.stderr.write('missing: the oldest Node that Squall runs on\n')
  if (!run('npm', 'ci', '--no-audit', '--no-fund', '--prefix', 'scripts/oldest-node')) process.exitCode = 1
}
