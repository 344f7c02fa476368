/** GitHub Actions: annotations beside the lines they speak of, and the summary of the job. Only there, and only when wanted. */
import { appendFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Problem } from '../document/problems.ts'
import type { StoredRun } from '../records/stored-run.ts'
import type { Verdict } from '../verdict/verdict.ts'

export interface GithubOption {
  /** False: `--no-github`. */
  github?: boolean
}

type Say = (text: string) => void

export async function annotateProblems(problems: readonly Problem[], { github }: GithubOption, say: Say): Promise<void> {
  if (!inActions(github) || problems.length === 0) return
  const { problemAnnotations } = await import('../report/github.ts')
  problemAnnotations(problems, repositoryPath).forEach(say)
}

/** Annotations of the verdict, and the report as Markdown at the end of the job's summary. */
export async function tellGithub(run: StoredRun<Verdict>, document: string, { github }: GithubOption, say: Say): Promise<void> {
  if (!inActions(github)) return
  const { verdictAnnotations } = await import('../report/github.ts')
  verdictAnnotations(run, repositoryPath(document)).forEach(say)
  const summary = process.env.GITHUB_STEP_SUMMARY
  if (!summary) return
  const { renderMarkdown } = await import('../report/markdown.ts')
  try {
    appendFileSync(summary, `${renderMarkdown([run])}\n`)
  } catch (error) {
    say(`warning: the summary of the job cannot be written: ${(error as Error).message}`)
  }
}

function inActions(wanted = true): boolean {
  return wanted && process.env.GITHUB_ACTIONS === 'true'
}

/** GitHub knows files by their path in the repository. */
function repositoryPath(path: string): string {
  return relative(process.env.GITHUB_WORKSPACE ?? process.cwd(), resolve(path))
}
