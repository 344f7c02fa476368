/** Everything Squall can do, in one list, handed to the parts that need it. Imported by cli, server and index only. */
import type { AnyInjector } from './faults/injector.ts'
import { pause } from './faults/process/pause.ts'

export const injectors: readonly AnyInjector[] = [pause]

/** What the document reader knows: fault types with their parameters, source types with their settings. */
export const documentCatalogue = { faults: injectors, sources: [] as readonly { type: string; config: never }[] }
