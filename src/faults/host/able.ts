/** What this machine can do to itself. */
import type { Able } from '../able.ts'
import { ableToStress } from './able-stress.ts'

export function able(): Promise<Able[]> {
  return Promise.resolve(ableToStress())
}
