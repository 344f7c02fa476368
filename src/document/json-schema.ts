/** `schema/experiment.json`: the document for editors, put together from the same zod schemas that check it. */
import * as z from 'zod/mini'
import type { DocumentCatalogue } from './document-catalogue.ts'
import { trafficMeasures } from './measure-defaults.ts'
import { duration, text } from './schema-types.ts'
import {
  environments,
  headShape,
  nameShape,
  phasesShape,
  pickShape,
  places,
  queryShape,
  trafficShape,
  varsShape,
  writtenUnits,
} from './shapes.ts'

type Json = Record<string, unknown>

const boundText = '(none|[+-]?(0|[1-9]\\d*)(\\.\\d+)?(x|ms|s|m|h|/s|/m|/h|B|kB|MB|GB|KiB|MiB|GiB|bit|kbit|mbit|gbit|%|pp)?|\\$\\{.*\\})'

/** JSON Schema (2020-12) of everything the catalogue offers. */
export function experimentSchema(catalogue: DocumentCatalogue): Json {
  const head = toJson(headShape) as { properties: Json; required: string[] }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://squall.dev/schema/experiment.json',
    title: 'Squall experiment',
    description: 'A chaos experiment: what is expected, how it is measured, what is allowed, and which faults act.',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      ...head.properties,
      environment: { enum: environments, description: 'Decides which limits and approvals hold.' },
      vars: { ...toJson(varsShape), description: 'Variables with their defaults: used as ${name}, replaced by --var NAME=VALUE.' },
      traffic: toJson(trafficShape),
      sources: {
        type: 'object',
        additionalProperties: { oneOf: catalogue.sources.map((source) => withType(source.type, toJson(source.config))) },
        description: 'Where other measures come from.',
      },
      measures: measures(),
      phases: toJson(phasesShape),
      faults: {
        type: 'array',
        minItems: 1,
        items: { oneOf: [...catalogue.faults.map(faultSchema), ownFault()] },
        description: 'What is done to the system during the fault phase.',
      },
    },
    required: head.required.concat('faults'),
    additionalProperties: false,
    $defs: { max: side('max'), min: side('min') },
  }
}

function measures(): Json {
  const measure = {
    oneOf: [
      { const: 'none', description: 'Recorded, not judged.' },
      {
        type: 'object',
        properties: {
          from: { type: 'string', description: 'traffic, or the name of a source.' },
          query: { type: 'string', description: 'What to ask the source for; default: the measure’s name.' },
          unit: {
            enum: writtenUnits,
            description: 'In what the source counts, where it cannot know that itself; s and % are turned into ms and shares.',
          },
          max: { $ref: '#/$defs/max' },
          min: { $ref: '#/$defs/min' },
        },
        additionalProperties: false,
      },
    ],
  }
  const known = [...trafficMeasures, 'recovery_time']
  return {
    type: 'object',
    properties: Object.fromEntries(known.map((name) => [name, measure])),
    additionalProperties: measure,
    description: 'What is measured and what is allowed, measure × phase.',
  }
}

function side(direction: 'max' | 'min'): Json {
  const sign = direction === 'max' ? '+5pp (baseline plus)' : '-5pp (baseline minus)'
  const description = `A bound: 300ms, 1.5x (times baseline), ${sign}, none; then “after 30s” if it need hold only from then on.`
  const bound = {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: `^${boundText}( after \\S+)?$` },
    ],
    description,
  }
  const abort = {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: `^${boundText}( for \\S+)?$` },
    ],
    description: 'Ends the run at once when broken; “for 45s”: when broken that long.',
  }
  return {
    oneOf: [bound, { type: 'object', properties: { baseline: bound, fault: bound, recovery: bound, abort }, additionalProperties: false }],
    description,
  }
}

const timing = () => ({
  name: { ...toJson(nameShape), description: 'Unique; default: the type.' },
  after: { ...toJson(duration), description: 'Begins this long after the fault phase began; default 0s.' },
  for: { ...toJson(duration), description: 'Lasts this long; default: to the end of the fault phase.' },
  every: { ...toJson(duration), description: 'Begins again this long after it began, until the fault phase is over; needs `for`.' },
})

const ramp = () => ({ ramp: { ...toJson(duration), description: 'How long a range a..b takes; default: as long as the fault acts.' } })

/** A parameter that may be one value, or a range from one to another. */
function dialSchema(parameter: Json): Json {
  const { description, ...one } = parameter
  const range = { type: 'string', pattern: '^[^\\s.]\\S*\\.\\.[^\\s.]\\S*$', description: 'A range a..b: moves over `ramp`.' }
  return { anyOf: [one, range], ...(description !== undefined && { description: `${String(description)} Or a range a..b.` }) }
}

function faultSchema(fault: DocumentCatalogue['faults'][number]): Json {
  const targets = fault.places.filter((place) => place !== 'none')
  const target = targets.length === 0 ? {} : { target: targetSchema(targets, fault.narrows ?? []) }
  const dials = fault.dials ?? []
  const schema = withType(fault.type, toJson(fault.spec), { ...target, ...timing(), ...(dials.length > 0 && ramp()) })
  const properties = schema.properties as Record<string, Json>
  for (const dial of dials) properties[dial] = dialSchema(properties[dial] as Json)
  return {
    ...schema,
    required: [...(schema.required as string[]), ...(targets.length > 0 && !fault.places.includes('none') ? ['target'] : [])],
  }
}

function targetSchema(possible: readonly string[], narrows: readonly string[]): Json {
  const query = { oneOf: [{ ...toJson(text), description: 'Name, may hold * and ?.' }, toJson(queryShape)] }
  const here = places.filter((place) => possible.includes(place))
  const inhabitant = (place: string): Json => (place === 'host' ? { const: 'local', description: 'This machine.' } : query)
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(here.map((place) => [place, inhabitant(place)])),
      pick: toJson(pickShape),
      ...Object.fromEntries(narrows.map((key) => [key, {}])),
    },
    oneOf: here.map((place) => ({ required: [place] })),
    additionalProperties: false,
    description: 'Where: one place, and which there.',
  }
}

function ownFault(): Json {
  const type = { type: 'string', pattern: '^\\.{0,2}/.*\\.[cm]?[jt]s$', description: 'Path of your own fault, from this document.' }
  return {
    type: 'object',
    properties: { type, with: { type: 'object', description: 'Its parameters.' }, ...timing(), ...ramp() },
    required: ['type'],
    additionalProperties: false,
  }
}

function withType(type: string, schema: Json, more: Json = {}): Json {
  const { properties = {}, required = [] } = schema as { properties?: Json; required?: string[] }
  return { ...schema, type: 'object', properties: { type: { const: type }, ...more, ...properties }, required: ['type', ...required] }
}

/** zod's JSON Schema of the input, without the marks that `readBy` leaves: its own description replaces the bare union. */
function toJson(schema: z.core.$ZodType): Json {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.squall !== true) return
      delete jsonSchema.squall
      if (jsonSchema.type !== undefined) delete jsonSchema.anyOf
    },
  }) as Json
  delete json.$schema
  return json
}
