/** The way in: a file or a text becomes an experiment, or all that is wrong with it. */
import { dirname, resolve } from 'node:path'
import type { DocumentCatalogue } from './document-catalogue.ts'
import type { Experiment } from './experiment.ts'
import { type Located, unlocated } from './located.ts'
import { breachText, policyBreaches } from './policy.ts'
import { type Collector, collectProblems, type Problem, showPath, sortProblems } from './problems.ts'
import type { Policy, Project } from './project.ts'
import { withDefaults } from './project-defaults.ts'
import { lonely, readText } from './read-text.ts'
import { readTypescript } from './read-typescript.ts'
import { readYaml, type YamlDocument } from './read-yaml.ts'
import { resolveExperiment } from './resolve.ts'
import { fillVariables } from './variables.ts'
import type { Finding } from './yaml-walk.ts'

export interface LoadOptions {
  /** Values of variables, from the command line. */
  vars?: Readonly<Record<string, string>>
  catalogue: DocumentCatalogue
  /** Whose defaults and policies hold. */
  project?: Project | null
}

export type Loaded =
  | {
      ok: true
      experiment: Experiment
      /** The document as it was read. */
      text: string
      /** SHA-256 (hex) of the text and the given variables. */
      hash(): string
      /** Absolute folder of the document: relative paths in it are resolved against it. */
      folder: string
      warnings: Problem[]
    }
  | { ok: false; problems: Problem[] }

/** Reads a `.yaml`, `.yml`, `.json` or `.ts` document. A file that cannot be read is a problem like others; never throws for them. */
export async function loadDocument(path: string, options: LoadOptions): Promise<Loaded> {
  const text = readText(path)
  if (typeof text !== 'string') return { ok: false, problems: [text] }
  if (!/\.[cm]?[jt]s$/.test(path)) return loadDocumentText(text, path, options)
  const read = await readTypescript(resolve(path))
  if (!read.ok)
    return {
      ok: false,
      problems: [{ ...lonely(path, 'typescript-failed', read.message), ...read.place, ...(read.fix !== undefined && { fix: read.fix }) }],
    }
  return loadDocumentData(read.value, text, path, options)
}

/** The same for what a TypeScript document gave; problems name the path of a key, since there are no places. */
export function loadDocumentData(value: unknown, text: string, file: string, options: LoadOptions): Loaded {
  return finish(unlocated(file, text, value), [], text, file, options)
}

/** The same for a text of YAML or JSON; `file` names it in problems and tells the folder. */
export function loadDocumentText(text: string, file: string, options: LoadOptions): Loaded {
  const yaml = readYaml(file, text.replace(/^\uFEFF/, ''))
  if (yaml.broken) return { ok: false, problems: sortProblems(yaml.findings.map((finding) => placed(yaml, finding))) }
  return finish(yaml.located, yaml.findings, text, file, options, yaml)
}

function finish(
  located: Located,
  findings: readonly Finding[],
  text: string,
  file: string,
  options: LoadOptions,
  yaml?: YamlDocument,
): Loaded {
  const collect = collectProblems(located)
  const vars = options.vars ?? {}
  const folder = dirname(resolve(file))
  const checking = { located, collect }
  const { project } = options
  const filled = withDefaults(fillVariables(checking, vars), project?.defaults ?? {})
  const experiment = resolveExperiment(checking, filled, { catalogue: options.catalogue, folder })
  const policy = experiment && project?.environments[experiment.environment]
  for (const breach of policy ? policyBreaches(experiment, policy) : [])
    collect.add(breach.path, 'policy', breachText(policy as Policy, breach), { severity: 'warning' })
  const problems = merged(collect, findings, yaml)
  if (experiment && !problems.some((problem) => problem.severity === 'error')) {
    return {
      ok: true,
      experiment: JSON.parse(JSON.stringify(experiment)),
      text,
      hash: () => hashOf(text, vars, project?.defaults ?? {}),
      folder,
      warnings: problems,
    }
  }
  return { ok: false, problems: withoutNoise(problems) }
}

/** Findings of the reader and of the checks. Where both speak of one value, the one that knows more wins. */
export function merged(collect: Collector, findings: readonly Finding[], yaml: YamlDocument | undefined): Problem[] {
  if (!yaml) return sortProblems(collect.problems)
  const read = findings.map((finding) => placed(yaml, finding))
  // A cut value leaves unknown keys and missing ones on its line behind it: they are its consequences, like those of a strange feature.
  const cutLines = new Set(
    read.filter(({ code }) => ['cut-value', 'yaml-feature', 'variable-form'].includes(code)).map((problem) => problem.line),
  )
  // What stands where a variable is not filled in is not the value that was meant.
  const unfilled = new Set(collect.problems.filter(isUnfilled).map(placeOf))
  const checked = collect.problems.filter(
    (problem) => !cutLines.has(problem.line) && (isUnfilled(problem) || !unfilled.has(placeOf(problem))),
  )
  const told = new Set(checked.filter((problem) => problem.code !== 'variable-unused').map(placeOf))
  return sortProblems([...checked, ...read.filter((problem) => !told.has(placeOf(problem)))])
}

function isUnfilled({ code, severity }: Problem): boolean {
  return severity === 'error' && (code === 'variable-unknown' || code === 'variable-form')
}

function placeOf({ line, column }: Problem): string {
  return `${line}:${column}`
}

/** A fault that does not exist here makes everything that only it would need uninteresting. */
function withoutNoise(problems: readonly Problem[]): Problem[] {
  if (!problems.some((problem) => problem.code === 'fault-not-available')) return [...problems]
  return problems.filter((problem) => problem.code !== 'not-available-yet')
}

function placed(yaml: YamlDocument, finding: Finding): Problem {
  const { line, column, length } = yaml.position(finding.range)
  const prefix = finding.path.length > 0 ? `${showPath(finding.path)}: ` : ''
  return {
    code: finding.code,
    severity: 'error',
    message: prefix + finding.message,
    ...(finding.fix !== undefined && { fix: finding.fix }),
    file: yaml.located.file,
    line,
    column,
    excerpt: yaml.located.lines[line - 1] ?? '',
    length,
  }
}

/** `node:crypto` is loaded only here: it takes longer than to check a document. */
function hashOf(text: string, vars: Readonly<Record<string, string>>, defaults: Readonly<Record<string, unknown>>): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const given = Object.entries(vars).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(text).update('\0').update(JSON.stringify(given))
  if (Object.keys(defaults).length > 0) hash.update('\0').update(JSON.stringify(defaults))
  return hash.digest('hex')
}
