/** Which fault is possible at which place: the list of injectors itself, as rows. */
import { type SchemaField, schemaFields } from '../document/schema-fields.ts'
import type { AnyInjector } from './injector.ts'

export interface FaultRow {
  type: string
  places: string[]
  /** One sentence. */
  says: string
  /** `dial`: it may be a range and moves while the fault acts. */
  parameters: (SchemaField & { dial: boolean })[]
}

export function faultRows(injectors: readonly AnyInjector[]): FaultRow[] {
  return injectors.map(({ type, places, spec, dials = [] }) => {
    const { says, fields } = schemaFields(spec)
    const parameters = fields.map((field) => ({ ...field, dial: dials.includes(field.name) }))
    return { type, places: places.filter((place) => place !== 'none'), says, parameters }
  })
}
