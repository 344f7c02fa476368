/** Reading the experiment for a command: shows every problem with its place, or hands over what was read. */
import { documentCatalogue } from '../catalogue.ts'
import { loadDocument } from '../document/load.ts'
import { formatProblems } from '../document/problem-text.ts'
import type { CommandContext } from './context.ts'
import { annotateProblems, type GithubOption } from './github.ts'

export type ReadDocument = Extract<Awaited<ReturnType<typeof loadDocument>>, { ok: true }>

/** Null when there are errors; they have been shown. Warnings are shown and do not stop anything. */
export async function readDocument(
  file: string,
  vars: Record<string, string>,
  context: CommandContext,
  github: GithubOption = { github: false },
): Promise<ReadDocument | null> {
  const read = await loadDocument(file, { vars, catalogue: documentCatalogue })
  const problems = read.ok ? read.warnings : read.problems
  if (problems.length > 0) {
    if (context.json && !read.ok) context.out(JSON.stringify({ valid: false, problems }, null, 2))
    else context.err(formatProblems(problems, { color: process.stderr.isTTY === true && !process.env.NO_COLOR }))
  }
  await annotateProblems(problems, github, context.err)
  return read.ok ? read : null
}
