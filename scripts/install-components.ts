/** For a continuous-integration machine (Debian, as root): installs the programs that tests need and that are missing. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { components, isInstalled, oldestNode } from './lib/components.ts'
import { buildGoPrograms, findGo, goPrograms } from './lib/go-programs.ts'

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

/** Debian 12's own Go is too old. */
function installGo(): void {
  if (run('apt-get', 'update', '-q') && run('apt-get', 'install', '-y', '-q', '--no-install-recommends', 'golang-go') && findGo() === null)
    installNewerGo()
}

/** From the backports of this Debian, at the place that its own packages come from; no setting of apt is changed. */
function installNewerGo(): void {
  const { stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(CODENAME) $(REPO_URI)', 'Created-By: Packages', 'Component: main'],
    { encoding: 'utf8' },
  )
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const [codename, uri] =
    stdout
      .split('\n')
      .map((line) => line.split(' '))
      .find(([name]) => name === release) ?? []
  if (codename === undefined || uri === undefined) return
  const folder = mkdtempSync(join(tmpdir(), 'squall-apt-'))
  const list = join(folder, 'backports.list')
  writeFileSync(list, `deb ${uri} ${codename}-backports main\n`)
  const also = ['-o', `Dir::Etc::sourcelist=${list}`] as const
  if (run('apt-get', 'update', '-q', ...also))
    run('apt-get', 'install', '-y', '-q', '--no-install-recommends', '-t', `${codename}-backports`, ...also, 'golang-1.23-go')
  rmSync(folder, { recursive: true })
}

const unbuilt = goPrograms.filter(({ program }) => !isInstalled(program))
if (unbuilt.length > 0) {
  process.stderr.write(`missing: ${unbuilt.map(({ program }) => program).join(', ')}\n`)
  if (findGo() === null) installGo()
  const go = findGo()
  if (go === null || !buildGoPrograms(go)) process.exitCode = 1
}
