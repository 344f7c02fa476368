/**
 * Makes dist/: one split bundle with all entries side by side. `--types` adds the declarations and clears what is old
 * (done for a release); `--force` builds even when nothing changed. Safe beside a running Squall and a second build:
 * chunks carry a hash in their name, files are exchanged whole, entries last.
 */
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build, type OutputFile } from 'esbuild'
import { emitTypes } from './lib/emit-types.ts'
import { root } from './lib/root.ts'

const dist = join(root, 'dist')
const stamp = join(dist, '.inputs')

// CommonJS packages inside an ES bundle still ask for Node's own modules by `require`.
const banner = `const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);`

/**
 * Fetches Node's own modules without their ES facade: to import one as an ES module reads each of its exports, and so builds
 * Web Crypto, opens stdin and more. esbuild writes such imports one to a statement: `import { a, b as c } from "node:x";`.
 */
function withoutFacades(code: string): string {
  return code.replaceAll(/^import (?:(\w+)|\* as (\w+)|(\{[^}]*\})) from "(node:[\w/]+)";$/gm, (_, whole, all, named: string, name) => {
    if (name === 'node:child_process') return lateChildProcess(whole ?? all, named)
    const target = whole ?? all ?? named.replaceAll(' as ', ': ')
    return `const ${target} = process.getBuiltinModule("${name}");`
  })
}

/** Commander and the catalogue import `node:child_process`, most commands start nothing: it brings sockets along, so it is fetched at the first call. */
function lateChildProcess(whole: string | undefined, named: string): string {
  const late = 'process.getBuiltinModule("node:child_process")'
  if (whole !== undefined) return `const ${whole} = new Proxy({}, { get: (_, name) => ${late}[name] });`
  const functions = named
    .slice(1, -1)
    .split(',')
    .map((each) => each.trim().split(' as '))
  return functions.map(([name = '', local = name]) => `const ${local} = (...args) => ${late}.${name}(...args);`).join(' ')
}

/** Most chunks hold no CommonJS: they need not make a `require` at each start. */
function withoutIdleBanner(code: string): string {
  const rest = code.replace(`${banner}\n`, '')
  return /\brequire\b/.test(rest) ? code : rest
}

/** Entry name in dist → source file. A file of src/entries/ is a process or worker thread of its own. */
function entries(): Record<string, string> {
  const own = globSync('src/entries/*.ts', { cwd: root }).map((file) => [basename(file, '.ts'), file])
  const named = { cli: 'src/cli/main.ts', index: 'src/index.ts', 'test-injector': 'src/faults/conformance.ts' }
  // What `squall demo` starts: Node takes no TypeScript from an installed package.
  const targets = globSync('scenarios/[0-9]*/target.ts', { cwd: root }).map((file) => [`scenario-${basename(dirname(file))}`, file])
  return { ...named, ...Object.fromEntries([...own, ...targets]) }
}

/** Names, sizes and times of everything that goes into dist. */
function digestOfInputs(): string {
  const files = [
    'package.json',
    'package-lock.json',
    ...globSync(['src/**/*', 'scenarios/**/*.ts', 'demo/shop/*.ts', 'scripts/build.ts', 'scripts/lib/emit-types.ts'], { cwd: root }),
  ].sort()
  const hash = createHash('sha256')
  for (const file of files) {
    const stat = statSync(join(root, file), { throwIfNoEntry: false })
    if (stat?.isFile()) hash.update(`${file} ${stat.size} ${stat.mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function isCurrent(digest: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === digest
  } catch {
    return false // Never built.
  }
}

function replace(path: string, content: Uint8Array | string): void {
  const fresh = `${path}.${process.pid}.new`
  writeFileSync(fresh, content)
  renameSync(fresh, path)
}

/** A running Squall may still load chunks of the build before: they go only when they are an hour old. */
function removeOldChunks(kept: ReadonlySet<string>, olderThan: number): void {
  for (const file of globSync('*', { cwd: dist })) {
    if (file === 'types' || kept.has(file)) continue
    const age = Date.now() - (statSync(join(dist, file), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (age >= olderThan) rmSync(join(dist, file), { force: true })
  }
}

/** Builds when something changed. Returns true when it did. */
export async function buildPackage(options: { types?: boolean; force?: boolean } = {}): Promise<boolean> {
  const digest = digestOfInputs()
  const bundle = options.force || options.types || !isCurrent(digest)
  if (!bundle) return false
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries(),
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    banner: { js: banner },
    // The same code as ES modules, which can be cut down; Node would take the CommonJS one.
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    legalComments: 'eof',
    write: false,
    logLevel: 'warning',
  })
  mkdirSync(dist, { recursive: true })
  for (const file of result.outputFiles) file.contents = new TextEncoder().encode(withoutIdleBanner(withoutFacades(file.text)))
  const isChunk = (file: OutputFile): boolean => basename(file.path).startsWith('chunk-')
  for (const file of result.outputFiles.filter(isChunk)) replace(file.path, file.contents)
  for (const file of result.outputFiles.filter((one) => !isChunk(one))) replace(file.path, file.contents)
  removeOldChunks(new Set(result.outputFiles.map((file) => basename(file.path))), options.types ? 0 : 3_600_000)
  if (options.types) await emitTypes(join(dist, 'types'))
  replace(stamp, digest)
  return true
}

if (import.meta.main) {
  const flags = process.argv.slice(2)
  const started = performance.now()
  try {
    const built = await buildPackage({ types: flags.includes('--types'), force: flags.includes('--force') })
    process.stderr.write(built ? `built dist in ${((performance.now() - started) / 1000).toFixed(1)} s\n` : 'dist is up to date\n')
  } catch (error) {
    // esbuild has shown its own errors with their places; anything else is shown here.
    if (!(error instanceof Error && 'errors' in error)) console.error(error)
    process.exitCode = 1
  }
}
