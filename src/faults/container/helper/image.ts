/** The image of helper containers: made from programs of this machine and Squall's own, brought into the engine as it is, never pulled. */
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { SquallError } from '../../../errors.ts'
import { findSystemProgram, runChild } from '../../../system/children.ts'
import { packagePath } from '../../../system/package-path.ts'
import { version } from '../../../system/version.ts'
import { type Engine, isGone } from '../engine.ts'

export const repository = 'squall-helper'
/** Where Squall's own files are in there. */
export const insideFolder = '/squall'

const entries = ['helper.js', 'cpu-worker.js', 'memory-holder.js']
const programs = ['ip', 'tc', 'nft', 'setpriv']

let known: string | null | undefined

/** `squall-helper:0.1.0-2f6c0e9a1b7d`: other code is another image. Null where Squall has not been built. */
export function helperImage(): string | null {
  if (known === undefined) {
    try {
      // Its chunks are named by what is in them, so the entries stand for all of it.
      const hash = createHash('sha256')
      for (const entry of entries) hash.update(readFileSync(packagePath(`dist/${entry}`)))
      known = `${repository}:${version}-${hash.digest('hex').slice(0, 12)}`
    } catch {
      known = null
    }
  }
  return known
}

/** Null: this engine has none of ours. Asked each time: somebody may remove it. */
export async function imageAt(engine: Engine): Promise<string | null> {
  const image = helperImage()
  if (image === null) return null
  try {
    await engine.call('GET', `/images/${image}/json`)
    return image
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** Tags of all that there are, of other versions too. */
export async function helperImages(engine: Engine): Promise<string[]> {
  const filters = JSON.stringify({ reference: [repository] })
  const found = await engine.call<{ RepoTags: string[] | null }[]>('GET', '/images/json', { query: { filters } })
  return found.flatMap(({ RepoTags }) => RepoTags ?? [])
}

/** @throws SquallError `helper-image`; EngineError when one is in use */
export async function removeImage(engine: Engine, image: string): Promise<void> {
  await engine.call('DELETE', `/images/${image}`)
}

/**
 * Makes it and brings it in, unless it is there.
 * @returns its tag, and its bytes when it was made
 * @throws SquallError `helper-image` when a program is missing here or the engine refuses it
 */
export async function makeImage(engine: Engine): Promise<{ image: string; bytes?: number }> {
  const image = helperImage()
  if (image === null)
    throw new SquallError('helper-image', 'Squall has not been built: dist/ holds no helper.js', { hint: 'npm run build' })
  if (await imageAt(engine)) return { image }
  const tar = await archive()
  const [repo, tag] = image.split(':')
  const said = await engine.call<string>('POST', '/images/create', {
    query: { fromSrc: '-', repo, tag },
    body: tar,
    text: true,
    timeout: 300_000,
  })
  const refused = /"error":"([^"]*)"/.exec(said)?.[1]
  if (refused !== undefined) throw new SquallError('helper-image', `the engine does not take the image: ${refused}`)
  return { image, bytes: tar.length }
}

async function archive(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-helper-'))
  try {
    const root = join(folder, 'root')
    for (const name of ['tmp', 'proc', 'sys', 'dev', 'etc', 'run', 'usr/bin']) mkdirSync(join(root, name), { recursive: true })
    await addPrograms(root)
    addOwn(root)
    const file = join(folder, 'image.tar')
    const ran = await runChild({ argv: [needed('tar'), '-C', root, '--owner=0', '--group=0', '-cf', file, '.'], timeLimit: 120_000 })
    if (ran.code !== 0) throw new SquallError('helper-image', `tar: ${(ran.failed?.message ?? ran.stderr).trim()}`)
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node and the others, each with the libraries that it is linked with, where the loader looks for them. */
async function addPrograms(root: string): Promise<void> {
  const found = new Map([['node', process.execPath], ...programs.map((name) => [name, needed(name)] as [string, string])])
  for (const [name, path] of found) {
    copyFileSync(path, join(root, 'usr/bin', name))
    for (const library of await librariesOf(path)) {
      if (existsSync(join(root, library))) continue
      mkdirSync(join(root, dirname(library)), { recursive: true })
      copyFileSync(library, join(root, library))
    }
  }
  // Tables of the distributions of netem's jitter.
  for (const table of globSync('/usr/{lib,lib64,share}/tc/*.dist')) {
    mkdirSync(join(root, dirname(table)), { recursive: true })
    copyFileSync(table, join(root, table))
  }
}

/** What `ldd` says, by absolute path. A program that is linked statically has none. */
async function librariesOf(program: string): Promise<string[]> {
  const ran = await runChild({ argv: [needed('ldd'), program], timeLimit: 20_000 })
  return [...ran.stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)].map(([, path]) => path as string)
}

function needed(name: string): string {
  const path = findSystemProgram(name)
  if (path) return path
  throw new SquallError('helper-image', `${name} is not on this machine, and the image is made from its programs`, {
    hint: 'Install iproute2, nftables, util-linux, tar and libc-bin, or make the image on a machine that has them.',
  })
}

/** The entries and every chunk that they import, however deep. */
function addOwn(root: string): void {
  const own = join(root, insideFolder, 'dist')
  mkdirSync(own, { recursive: true })
  const todo = [...entries]
  for (const file of todo) {
    const code = readFileSync(packagePath(`dist/${file}`), 'utf8')
    writeFileSync(join(own, file), code)
    for (const [, path = ''] of code.matchAll(/(?:from|import)\s*\(?\s*"(\.\/[^"]+\.js)"/g)) {
      const name = basename(path)
      if (!todo.includes(name)) todo.push(name)
    }
  }
  writeFileSync(join(root, insideFolder, 'package.json'), `${JSON.stringify({ name: 'squall', version, type: 'module' })}\n`)
}
