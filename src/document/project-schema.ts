/** `schema/project.json`: the project file for editors, from the same zod schemas that check it. */
import type { DocumentCatalogue } from './document-catalogue.ts'
import { toJson } from './json-schema-parts.ts'
import { policyShape, projectShape } from './project-shape.ts'
import { environments } from './shapes.ts'

type Json = Record<string, unknown>

/** JSON Schema (2020-12). */
export function projectSchema({ faults }: DocumentCatalogue): Json & { $defs: { policy: Json } } {
  const project = toJson(projectShape) as { properties: Json }
  const policies = Object.fromEntries(environments.map((name) => [name, { $ref: '#/$defs/policy' }]))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://squall.dev/schema/project.json',
    title: 'Squall project',
    description: 'What holds for all experiments below the folder of this file.',
    ...project,
    properties: { ...project.properties, environments: { ...(project.properties.environments as Json), properties: policies } },
    $defs: { policy: policySchema([...faults.map(({ type }) => type), 'own']) },
  }
}

function policySchema(types: readonly string[]): Json {
  const policy = toJson(policyShape) as { properties: Json }
  const faults = { ...(policy.properties.faults as Json), items: { enum: types } }
  return { ...policy, description: 'What is allowed in this environment.', properties: { ...policy.properties, faults } }
}
