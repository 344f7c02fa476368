/** `schema/project.json`: the project file for editors, from the same zod schemas that check it. */
import { toJson } from './json-schema-parts.ts'
import { projectShape } from './project-shape.ts'

/** JSON Schema (2020-12). */
export function projectSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://squall.dev/schema/project.json',
    title: 'Squall project',
    description: 'What holds for all experiments below the folder of this file.',
    ...toJson(projectShape),
  }
}
