/** Which fault is possible at which place: the list of injectors itself, as rows. */
import * as z from 'zod/mini'
import type { AnyInjector } from './injector.ts'

export interface FaultRow {
  type: string
  places: string[]
  /** One sentence. */
  says: string
  parameters: { name: string; needed: boolean; says: string }[]
}

interface ObjectSchema {
  description?: string
  properties?: Record<string, { description?: string }>
  required?: string[]
}

export function faultRows(injectors: readonly AnyInjector[]): FaultRow[] {
  return injectors.map((injector) => {
    const schema = z.toJSONSchema(injector.spec, { io: 'input', unrepresentable: 'any' }) as ObjectSchema
    const parameters = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
      name,
      needed: schema.required?.includes(name) ?? false,
      says: property.description ?? '',
    }))
    return { type: injector.type, places: injector.places.filter((place) => place !== 'none'), says: schema.description ?? '', parameters }
  })
}
