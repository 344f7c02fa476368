/** Which project file holds for a command: named, found from the document's folder upwards, or none. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import type { Problem } from '../document/problems.ts'
import type { Project } from '../document/project.ts'

/** `--project FILE` and `--no-project`, as commander gives them. */
export interface ProjectOptions {
  project?: string | false
}

export type ReadProject = { ok: true; project: Project | null } | { ok: false; problems: Problem[] }

/** The one that holds for documents in `folder`. */
export async function readProject(folder: string, { project: named }: ProjectOptions): Promise<ReadProject> {
  const file = named === false ? null : (named ?? findProject(folder))
  if (file === null) return { ok: true, project: null }
  const { loadProject } = await import('../document/project-load.ts') // Most documents are checked without one, and checking must stay fast.
  return loadProject(
    file,
    documentCatalogue.faults.map(({ type }) => type),
  )
}

/** The project file of this folder or of the nearest one above, no further than the root of the repository; null when there is none. */
export function findProject(folder: string): string | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, 'squall.yaml')
    if (existsSync(file)) return file
    if (existsSync(join(at, '.git')) || dirname(at) === at) return null
  }
}
