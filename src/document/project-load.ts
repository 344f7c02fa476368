/** Reading the project file: the same reader, and the same quality of errors, as for documents. */
import { basename, dirname, resolve } from 'node:path'
import { type Checking, checkShape } from './check-shape.ts'
import { merged } from './load.ts'
import { asMap, type Located, type Path, valueAt } from './located.ts'
import { suggestion } from './nearest.ts'
import { collectProblems, type Problem } from './problems.ts'
import { type Policy, type Project, type Rule, ruleNames } from './project.ts'
import { type PolicyShape, projectShape } from './project-shape.ts'
import { quote } from './quantity.ts'
import { readText } from './read-text.ts'
import { readYaml } from './read-yaml.ts'
import { environments } from './shapes.ts'

export type LoadedProject = { ok: true; project: Project } | { ok: false; problems: Problem[] }

/** Never throws for what the file holds. `faultTypes`: those a policy can name, beside `own`. */
export function loadProject(path: string, faultTypes: readonly string[]): LoadedProject {
  const file = resolve(path)
  const text = readText(file)
  if (typeof text !== 'string') return { ok: false, problems: [text] }
  const yaml = readYaml(file, text.replace(/^\uFEFF/, ''))
  const collect = collectProblems(yaml.located)
  const checking = { located: yaml.located, collect }
  // An empty file sets nothing.
  const value = yaml.located.value ?? {}
  const shape = checkShape(checking, projectShape, value, [])
  for (const environment of environments) checkFaultTypes(checking, ['environments', environment, 'faults'], [...faultTypes, 'own'])
  const problems = merged(collect, yaml.findings, yaml)
  if (!shape || problems.length > 0) return { ok: false, problems }
  const policies: Project['environments'] = {}
  for (const environment of environments) {
    const policy = shape.environments?.[environment]
    if (policy) policies[environment] = policyOf(policy, yaml.located, ['environments', environment])
  }
  const project: Project = {
    file,
    environments: policies,
    defaults: asMap(valueAt(value, ['defaults'])) ?? {},
    ...(shape.secrets !== undefined && { secretsFile: resolve(dirname(file), shape.secrets) }),
  }
  return { ok: true, project }
}

/** A misspelt type would forbid the one that was meant. */
function checkFaultTypes({ collect, located }: Checking, path: Path, types: readonly string[]): void {
  const listed = valueAt(located.value, path)
  for (const [index, type] of (Array.isArray(listed) ? listed : []).entries()) {
    if (typeof type !== 'string' || types.includes(type)) continue
    const fix = suggestion(type, types) ?? `possible: ${types.join(', ')}`
    collect.add([...path, index], 'value-not-allowed', `there is no fault of type ${quote(type)}`, { fix })
  }
}

/** The rules with how and where they were written: a refusal names both. */
function policyOf(shape: PolicyShape, located: Located, path: Path): Policy {
  const policy: Record<string, Rule<unknown>> = {}
  for (const [rule, name] of Object.entries(ruleNames)) {
    const value = shape[name as keyof PolicyShape]
    if (value === undefined) continue
    const at = [...path, name]
    policy[rule] = { value, text: textOf(located, at), at: `${basename(located.file)}:${located.position(at, 'key').line}` }
  }
  return policy as Policy
}

/** As it was written, on one line: lists with commas, hours as `mon-fri 09:00 to 16:00 Europe/Berlin`. */
function textOf(located: Located, path: Path): string {
  const value = valueAt(located.value, path)
  if (Array.isArray(value)) return value.join(', ')
  const map = asMap(value)
  if (map) return `${map.days} ${map.from} to ${map.to} ${map.zone}`
  return located.source(path) ?? String(value)
}
