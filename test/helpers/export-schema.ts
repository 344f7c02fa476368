/** What schema/export.json says of an exported run. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

type Schema = {
  properties?: Record<string, Schema>
  $ref?: string
  items?: Schema
  anyOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: unknown
}

const schema = JSON.parse(readFileSync(new URL('../../schema/export.json', import.meta.url), 'utf8')) as Schema & {
  definitions: Record<string, Schema>
}
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema)

/** Empty when the text is as the schema says. */
export function exportComplaints(text: string): string[] {
  validate(JSON.parse(text))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Keys that the schema does not name: what is exported must be documented. Maps of any keys name theirs in general. */
export function undocumentedKeys(text: string): string[] {
  const found = new Set<string>()
  const resolve = (one: Schema): Schema[] => {
    const named = one.$ref ? resolve(schema.definitions[one.$ref.replace('#/definitions/', '')] ?? {}) : []
    return [one, ...named, ...[...(one.anyOf ?? []), ...(one.allOf ?? [])].flatMap(resolve)]
  }
  const visit = (value: unknown, at: Schema[], path: string): void => {
    const all = at.flatMap(resolve)
    if (Array.isArray(value)) {
      const items = all.flatMap((one) => (one.items && !Array.isArray(one.items) ? [one.items] : []))
      if (items.length > 0) for (const item of value) visit(item, items, `${path}[]`)
    } else if (typeof value === 'object' && value !== null) {
      const isMap = all.some((one) => typeof one.additionalProperties === 'object')
      const general = all.flatMap((one) => (typeof one.additionalProperties === 'object' ? [one.additionalProperties as Schema] : []))
      for (const [key, item] of Object.entries(value)) {
        const named = all.flatMap((one) => one.properties?.[key] ?? [])
        if (named.length === 0 && !isMap && all.some((one) => one.properties)) found.add(`${path}.${key}`)
        visit(item, named.length > 0 ? named : general, `${path}.${key}`)
      }
    }
  }
  visit(JSON.parse(text), [schema], '')
  return [...found]
}
