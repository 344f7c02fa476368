/** Which entry of a list of fault types is meant: a type that acts differently at different places has one for each. */
import type { Place } from './experiment.ts'

interface Entry {
  readonly type: string
  readonly places: readonly (Place | 'none')[]
}

/**
 * The entry of this type that acts at `place` (absent: without a target). Where none of them does it is the type's first one: it knows
 * what is wrong with such a fault, and a journal from before there were several meant it.
 */
export function faultEntry<T extends Entry>(list: readonly T[], type: string, place: Place | undefined): T | undefined {
  const ofType = list.filter((entry) => entry.type === type)
  return ofType.find(({ places }) => places.includes(place ?? 'none')) ?? ofType[0]
}

/** Every place at which the type acts, whichever entry does it there. */
export function placesOfType(list: readonly Entry[], type: string): (Place | 'none')[] {
  return [...new Set(list.filter((entry) => entry.type === type).flatMap(({ places }) => places))]
}

/** Where the format has these types too, though this version does not: what is written for there is not wrong, and not to be read by another place's rules. */
const laterAt: Readonly<Record<string, readonly Place[]>> = {
  network: ['host', 'container', 'pod', 'app'],
  partition: ['host', 'container', 'pod'],
}

export function comesLater(list: readonly Entry[], type: string, place: Place | undefined): place is Place {
  return place !== undefined && laterAt[type]?.includes(place) === true && !placesOfType(list, type).includes(place)
}
