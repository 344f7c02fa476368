/** The faults of `schema/experiment.json`: a schema for each type, and one for own modules. */
import type { CatalogueFault, DocumentCatalogue } from './document-catalogue.ts'
import type { Place } from './experiment.ts'
import { type Json, ownModule, toJson, withType } from './json-schema-parts.ts'
import { duration, text } from './schema-types.ts'
import { nameShape, narrowingSays, pickShape, placeSays, places, queryShapeAt } from './shapes.ts'

const timing = () => ({
  name: {
    ...toJson(nameShape),
    description: 'Its name in reports, unique in the document; default: the type.',
    examples: ['freeze-payments'],
  },
  after: { ...toJson(duration), description: 'It begins this long after the fault phase began; default 0s.', examples: ['30s'] },
  for: { ...toJson(duration), description: 'It lasts this long; default: to the end of the fault phase.', examples: ['30s'] },
  every: {
    ...toJson(duration),
    description: 'It begins again this long after it began, until the fault phase is over; needs for.',
    examples: ['30s'],
  },
})

const ramp = () => ({
  ramp: { ...toJson(duration), description: 'How long a range a..b takes; default: as long as the fault acts.', examples: ['60s'] },
})

/** A parameter that may be one value, or a range from one to another. */
function dialSchema(parameter: Json): Json {
  const { description, examples = [], ...one } = parameter as Json & { examples?: unknown[] }
  const range = { type: 'string', pattern: '^[^\\s.]\\S*\\.\\.[^\\s.]\\S*$', description: 'A range a..b: it moves from a to b over ramp.' }
  const moving = examples.length > 1 ? [`${String(examples[0])}..${String(examples.at(-1))}`] : []
  return { anyOf: [one, range], description: `${String(description)} Or a range a..b.`, examples: [...examples, ...moving] }
}

export function faultSchema(fault: DocumentCatalogue['faults'][number]): Json {
  const targets = fault.places.filter((place) => place !== 'none')
  const target = targets.length === 0 ? {} : { target: targetSchema(targets, fault.narrows ?? {}) }
  const spec = toJson(fault.spec)
  const dials = fault.dials ?? []
  const schema = withType(fault.type, spec, String(spec.description), { ...target, ...timing(), ...(dials.length > 0 && ramp()) })
  const properties = schema.properties as Record<string, Json>
  for (const dial of dials) properties[dial] = dialSchema(properties[dial] as Json)
  return {
    ...schema,
    required: [...(schema.required as string[]), ...(targets.length > 0 && !fault.places.includes('none') ? ['target'] : [])],
  }
}

function targetSchema(possible: readonly string[], narrows: NonNullable<CatalogueFault['narrows']>): Json {
  const named = { ...toJson(text), description: 'Its name; * and ? stand for any letters.' }
  const here = places.filter((place) => possible.includes(place))
  const inhabitant = (place: Place): Json =>
    place === 'host'
      ? { const: 'local', description: placeSays.host }
      : place === 'proxy'
        ? { ...toJson(text), description: placeSays.proxy }
        : { oneOf: [named, toJson(queryShapeAt(place))], description: placeSays[place] }
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(here.map((place) => [place, inhabitant(place)])),
      pick: toJson(pickShape),
      ...Object.fromEntries(Object.entries(narrows).map(([key, schema]) => [key, { ...toJson(schema), description: narrowingSays[key] }])),
    },
    oneOf: here.map((place) => ({ required: [place] })),
    additionalProperties: false,
    description: 'Where it acts: one place, which ones there, and how many of them.',
  }
}

export function ownFault(): Json {
  return ownModule('fault', { path: './feature-flag.ts', parameters: { flag: 'checkout' } }, { ...timing(), ...ramp() })
}
