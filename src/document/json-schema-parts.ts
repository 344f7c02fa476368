/** What the pieces of `schema/experiment.json` share. */
import * as z from 'zod/mini'

export type Json = Record<string, unknown>

/** The schema of one type of fault or source: its own keys, and what all of its kind have. */
export function withType(type: string, schema: Json, description: string, more: Json = {}): Json {
  const { properties = {}, required = [] } = schema as { properties?: Json; required?: string[] }
  return {
    ...schema,
    type: 'object',
    properties: { type: { const: type, description }, ...more, ...properties },
    required: ['type', ...required],
  }
}

/** An author's own module as a fault or a source, and what all of its kind have. */
export function ownModule(what: 'fault' | 'source', example: { path: string; parameters: Json }, more: Json = {}): Json {
  const type = {
    type: 'string',
    pattern: '^\\.{0,2}/.*\\.[cm]?[jt]s$',
    description: `Path of your own ${what} in TypeScript or JavaScript, from the folder of this document.`,
    examples: [example.path],
  }
  const parameters = { type: 'object', description: 'Its parameters, as your module wants them.', examples: [example.parameters] }
  return { type: 'object', properties: { type, with: parameters, ...more }, required: ['type'], additionalProperties: false }
}

/** zod's JSON Schema of the input, without the marks that `readBy` leaves: its own description replaces the bare union. */
export function toJson(schema: z.core.$ZodType): Json {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // zod leaves out examples of what it would transform: ours are of what is written.
      if (jsonSchema.written !== undefined) jsonSchema.examples = jsonSchema.written as unknown[]
      delete jsonSchema.written
      if (jsonSchema.squall !== true) return
      delete jsonSchema.squall
      if (jsonSchema.type !== undefined) delete jsonSchema.anyOf
    },
  }) as Json
  delete json.$schema
  return json
}
