/** The keys of a schema with their descriptions, for listings and reference pages. */
import * as z from 'zod/mini'

export interface SchemaField {
  name: string
  needed: boolean
  says: string
}

interface ObjectSchema {
  description?: string
  properties?: Record<string, { description?: string }>
  required?: string[]
}

/** What the schema as a whole says, and its keys in order. */
export function schemaFields(schema: z.core.$ZodType): { says: string; fields: SchemaField[] } {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as ObjectSchema
  const fields = Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    needed: json.required?.includes(name) ?? false,
    says: property.description ?? '',
  }))
  return { says: json.description ?? '', fields }
}
