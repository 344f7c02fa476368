/** Which project file holds for a command: named, found from the document's folder upwards, or none. */
import { dirname, resolve } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import type { Problem } from '../document/problems.ts'
import type { Project } from '../document/project.ts'
import { findProject, loadProject } from '../document/project-load.ts'

/** `--project FILE` and `--no-project`, as commander gives them. */
export interface ProjectOptions {
  project?: string | false
}

export type ReadProject = { ok: true; project: Project | null } | { ok: false; problems: Problem[] }

/** For a document; `near` is its path. */
export function projectFor(near: string, { project: named }: ProjectOptions): ReadProject {
  return named === false ? { ok: true, project: null } : read(named ?? findProject(dirname(resolve(near))))
}

/** For a command without a document: from the working directory upwards. */
export function projectHere({ project: named }: ProjectOptions): ReadProject {
  return named === false ? { ok: true, project: null } : read(named ?? findProject(process.cwd()))
}

function read(file: string | null): ReadProject {
  return file === null
    ? { ok: true, project: null }
    : loadProject(
        file,
        documentCatalogue.faults.map(({ type }) => type),
      )
}
