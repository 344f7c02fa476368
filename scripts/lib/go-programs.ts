/** Programs in Go that tests compare ours with: built from the one module of the repository that names their sources and the hashes of all of them. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './root.ts'

/** Of Toxiproxy; as in the module's go.mod. A newer one gets a folder of its own, so that nothing old is taken for it. */
const version = '2.12.0'
const source = `github.com/Shopify/toxiproxy/v2`
const moduleFolder = join(root, 'test', 'e2e', 'toxiproxy', 'go-client')

/** Where they are built to. */
export const goFolder: string = join(root, '.squall', 'go', `toxiproxy-${version}`)

/** What scripts/install-components.ts builds, and tests skip without. */
export const goPrograms: readonly { program: string; package: string; for: string }[] = [
  { program: 'toxiproxy-server', package: `${source}/cmd/server`, for: 'squall proxy beside a real Toxiproxy' },
  { program: 'toxiproxy-cli', package: `${source}/cmd/cli`, for: 'squall proxy driven by the command line of Toxiproxy' },
  { program: 'toxiproxy-go-client', package: '.', for: 'squall proxy driven by a client in Go' },
]

/** Debian puts newer ones outside the PATH, a folder a version. null: none, or one that can neither build the module nor fetch a Go that can. */
export function findGo(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/go/bin', ...globSync('/usr/lib/go-*/bin').sort().toReversed()]
  const candidates = folders.map((folder) => join(folder, 'go')).filter((path) => existsSync(path))
  return candidates.find((path) => minor(path) >= 21) ?? null
}

/** The y of Go 1.y. */
function minor(go: string): number {
  const { stdout } = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local' } })
  return Number(/^go1\.(\d+)/.exec(stdout ?? '')?.[1] ?? 0)
}

/** False when one of them could not be built; the reason is on stderr. */
export function buildGoPrograms(go: string): boolean {
  // Go 1.21 and 1.22 are too old for the module and may fetch the Go that it asks for, whatever Debian has set.
  const toolchain = minor(go) < 23 ? { GOTOOLCHAIN: 'auto' } : {}
  return goPrograms.every(({ program, package: name }) => {
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags', `-X ${source}.Version=${version}`, '-o', join(goFolder, program)]
    const { status, error } = spawnSync(go, ['build', ...flags, name], {
      cwd: moduleFolder,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, ...toolchain, CGO_ENABLED: '0' },
      timeout: 10 * 60 * 1000,
    })
    if (error) process.stderr.write(`${go}: ${error.message}\n`)
    return status === 0
  })
}
