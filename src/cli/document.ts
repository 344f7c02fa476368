/** Reading the experiment for a command: shows every problem with its place, or hands over what was read. */
import { dirname } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import { loadDocument } from '../document/load.ts'
import { formatProblems } from '../document/problem-text.ts'
import type { Problem } from '../document/problems.ts'
import type { Policy, Project } from '../document/project.ts'
import type { CommandContext } from './context.ts'
import { annotateProblems, type GithubOption } from './github.ts'
import { type ProjectOptions, readProject } from './project.ts'

export type ReadDocument = Extract<Awaited<ReturnType<typeof loadDocument>>, { ok: true }> & {
  project: Project | null
  /** Of the experiment's environment; empty without a project file. */
  policy: Policy
}

/** Null when there are errors; they have been shown. Warnings are shown and do not stop anything. */
export async function readDocument(
  file: string,
  vars: Record<string, string>,
  context: CommandContext,
  options: GithubOption & ProjectOptions = { github: false },
): Promise<ReadDocument | null> {
  const found = await readProject(dirname(file), options)
  if (!found.ok) return refuse(found.problems)
  const { project } = found
  const read = await loadDocument(file, { vars, catalogue: documentCatalogue, project })
  if (!read.ok) return refuse(read.problems)
  // What the policy refuses is said by the command itself.
  await show(read.warnings.filter(({ code }) => code !== 'policy'))
  return { ...read, project, policy: project?.environments[read.experiment.environment] ?? {} }

  async function refuse(problems: readonly Problem[]): Promise<null> {
    if (context.json) context.out(JSON.stringify({ valid: false, problems }, null, 2))
    await show(problems, context.json)
    return null
  }

  async function show(problems: readonly Problem[], onlyAnnotations = false): Promise<void> {
    if (problems.length > 0 && !onlyAnnotations)
      context.err(formatProblems(problems, { color: process.stderr.isTTY === true && !process.env.NO_COLOR }))
    await annotateProblems(problems, options, context.err)
  }
}
