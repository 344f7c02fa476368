/** The project's folder. */
import { dirname } from 'node:path'

export const root: string = dirname(dirname(import.meta.dirname))
