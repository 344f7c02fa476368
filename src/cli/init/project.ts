/** What the files of a folder tell: package.json, a compose file, a project file, experiments that are there already. Only reads. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

export interface Project {
  /** The folder with everything that belongs together: up to the repository's root. Null when it would be a home folder or the whole machine. */
  root: string | null
  package?: { name?: string; start?: string }
  compose?: { file: string; services: string[] }
  /** `squall.yaml`, here or above. */
  projectFile?: string
  /** Experiments in this folder and in `experiments/`, relative to it. */
  experiments: string[]
}

/** `folder` is absolute. A file that cannot be understood is as good as none: it is not ours to complain about. */
export function readProject(folder: string): Project {
  const up = foldersUp(folder)
  const root = up.at(-1) ?? folder
  const projectFile = up.map((at) => join(at, 'squall.yaml')).find((file) => existsSync(file))
  return {
    root: root === '/' || root === homedir() ? null : root,
    ...packageOf(folder),
    ...composeOf(folder),
    ...(projectFile !== undefined && { projectFile }),
    experiments: ['.', 'experiments'].flatMap((under) => experimentsIn(folder, under)),
  }
}

/** From the folder up to the repository's root; the folder alone when it lies in no repository. */
function foldersUp(folder: string): string[] {
  const folders: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at)
    if (existsSync(join(at, '.git'))) return folders
    if (at === dirname(at)) return [folder]
  }
}

function packageOf(folder: string): Pick<Project, 'package'> {
  const content = readMap(join(folder, 'package.json'))
  if (!content) return {}
  const scripts = typeof content.scripts === 'object' && content.scripts !== null ? Object.keys(content.scripts) : []
  const start = ['dev', 'start', 'serve'].find((script) => scripts.includes(script))
  return { package: { ...(typeof content.name === 'string' && { name: content.name }), ...(start !== undefined && { start }) } }
}

function composeOf(folder: string): Pick<Project, 'compose'> {
  const file = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'].find((name) => existsSync(join(folder, name)))
  const services = file === undefined ? undefined : readMap(join(folder, file))?.services
  if (file === undefined || typeof services !== 'object' || services === null) return {}
  return { compose: { file, services: Object.keys(services) } }
}

function experimentsIn(folder: string, under: string): string[] {
  let names: string[]
  try {
    names = readdirSync(join(folder, under))
  } catch {
    return []
  }
  const documents = names.filter((name) => /\.ya?ml$/.test(name)).sort()
  return documents.map((name) => join(under, name)).filter((path) => /^faults:/m.test(readSmall(join(folder, path)) ?? ''))
}

/** A map in YAML or JSON; null for everything else. */
export function readMap(file: string): Record<string, unknown> | null {
  try {
    const content: unknown = parse(readSmall(file) ?? '', { logLevel: 'error' })
    return typeof content === 'object' && content !== null && !Array.isArray(content) ? (content as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Up to 1 MiB; null when it is larger, no file, or not ours to read. */
function readSmall(file: string): string | null {
  try {
    const stat = statSync(file)
    return stat.isFile() && stat.size <= 1024 * 1024 ? readFileSync(file, 'utf8') : null
  } catch {
    return null
  }
}
