/**
 * Completes package-lock.json after `npm install`. Compiled tools come as one optional package a platform; npm leaves out of
 * the lock file, silently, those that the registry it was made with does not have, and `npm ci` then refuses the lock file
 * everywhere. This adds them by name, version and platform. `--check` only says whether some are missing (exit 1).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/root.ts'

interface Locked {
  version: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const file = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }

/** `@scope/binding-linux-arm-musleabihf` → linux, arm, musl. */
function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/)
  const among = (known: readonly string[]): string | undefined => words.find((word) => known.includes(word))
  const os = among(['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'])
  const cpu = among(['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'])
  if (!os || !cpu) throw new Error(`${name}: its name does not tell its platform`)
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined
  return { os: [os], cpu: [cpu], ...(os === 'linux' && libc ? { libc } : {}) }
}

const added: string[] = []
for (const one of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(one.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key]) continue
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new Error(`${name}: ${version} is not an exact version`)
    lock.packages[key] = { version, ...(one.dev ? { dev: true } : {}), optional: true, ...platformOf(name) }
    added.push(name)
  }
}

if (added.length === 0) process.stderr.write('package-lock.json is complete\n')
else if (process.argv.includes('--check')) {
  process.stderr.write(`package-lock.json lacks ${added.length} packages of other platforms: node scripts/complete-lock.ts\n`)
  process.exitCode = 1
} else {
  const [first, ...rest] = Object.entries(lock.packages)
  lock.packages = Object.fromEntries(first ? [first, ...rest.sort(([a], [b]) => a.localeCompare(b, 'en'))] : [])
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  process.stderr.write(`added ${added.length} packages of other platforms to package-lock.json\n`)
}
