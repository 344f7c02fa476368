/** Which fault is possible at which place: the list of injectors itself, as rows. */
import { type SchemaField, schemaFields } from '../document/schema-fields.ts'
import type { AnyInjector } from './injector.ts'

export interface FaultRow {
  type: string
  places: string[]
  /** One sentence. */
  says: string
  parameters: SchemaField[]
}

export function faultRows(injectors: readonly AnyInjector[]): FaultRow[] {
  return injectors.map(({ type, places, spec }) => {
    const { says, fields } = schemaFields(spec)
    return { type, places: places.filter((place) => place !== 'none'), says, parameters: fields }
  })
}
