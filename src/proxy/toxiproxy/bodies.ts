/** The bodies of the API: their shapes, what may be missing, and how proxies and toxics are written. */
import { ApiError, badBody } from './answer.ts'
import { decodeInto, decodeList, type FieldType, type Shape, type Values } from './json-decode.ts'
import { JsonError, type JsonNode, readFirstValue } from './json-read.ts'
import type { Writable } from './json-write.ts'
import { directionOf, kinds, noAttributes, type Toxic } from './toxics.ts'

export interface ProxySpec {
  name: string
  listen: string
  upstream: string
  enabled: boolean
}

const proxyFields: Record<string, FieldType> = {
  name: { is: 'string' },
  listen: { is: 'string' },
  upstream: { is: 'string' },
  enabled: { is: 'bool' },
  Logger: { is: 'ignored', type: 'zerolog.Logger' },
}
const proxyShape: Shape = { name: 'Proxy', type: 'toxiproxy.Proxy', fields: proxyFields }
const itemType = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
const itemShape: Shape = {
  name: '',
  type: itemType,
  fields: proxyFields,
  within: { name: 'Proxy.', listen: 'Proxy.', upstream: 'Proxy.', Logger: 'Proxy.' },
}

/** @throws ApiError when it holds no JSON */
export function parseBody(body: Buffer): JsonNode {
  return orBadBody(() => readFirstValue(body))
}

function orBadBody<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof JsonError ? badBody(error) : error
  }
}

export function proxyToCreate(body: JsonNode): ProxySpec {
  const spec = proxyOf(orBadBody(() => decodeInto(body, proxyShape, { enabled: true })))
  needFields(spec, '')
  return spec
}

/** Over what the proxy is now. The name stays, whatever the body says. */
export function proxyUpdate(body: JsonNode, now: ProxySpec): ProxySpec {
  const { name, ...start } = now
  return { ...proxyOf(orBadBody(() => decodeInto(body, proxyShape, start))), name }
}

export function proxiesToPopulate(body: JsonNode): ProxySpec[] {
  const specs = orBadBody(() => decodeList(body, `[]${itemType}`, itemShape, { enabled: true })).map(proxyOf)
  for (const [i, spec] of specs.entries()) needFields(spec, ` at proxy ${i + 1}`)
  return specs
}

function proxyOf({ name, listen, upstream, enabled }: Values): ProxySpec {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { name: text(name), listen: text(listen), upstream: text(upstream), enabled: enabled === true }
}

function needFields(spec: ProxySpec, where: string): void {
  if (spec.name === '') throw new ApiError(`missing required field: name${where}`, 400)
  if (spec.upstream === '') throw new ApiError(`missing required field: upstream${where}`, 400)
}

/** What all toxics have; that `attributes` are an object is told in these words before the type is known. */
const toxicFields: Record<string, FieldType> = {
  attributes: { is: 'ignored', type: 'toxics.NoopToxic' },
  name: { is: 'string' },
  type: { is: 'string' },
  stream: { is: 'string' },
  toxicity: { is: 'float32' },
}
const toxicShape: Shape = { name: 'ToxicWrapper', type: 'toxics.ToxicWrapper', fields: toxicFields }

/** `taken`: whether the proxy has a toxic of this name. Its order of checks is that of the original: a name that is taken wins over bad attributes. */
export function toxicToAdd(body: JsonNode, taken: (name: string) => boolean): Toxic {
  const read = decode(body, toxicShape, { name: '', type: '', stream: 'downstream', toxicity: 1 })
  const [type, stream] = [String(read.type), String(read.stream)]
  const direction = directionOf(stream)
  if (!direction) throw new ApiError('stream was invalid, can be either upstream or downstream', 400)
  const name = read.name === '' ? `${type}_${stream}` : String(read.name)
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  if (!kind) throw new ApiError('invalid toxic type', 400)
  if (taken(name)) throw new ApiError('toxic already exists', 409)
  const { attributes } = decode(body, attributesShape('', kind.shape), { attributes: noAttributes(kind) })
  const toxic = { name, type, stream, direction, toxicity: Number(read.toxicity), attributes: attributes as Values }
  refuse(toxic)
  return toxic
}

/** Only toxicity and attributes change; what the body does not name stays. */
export function toxicUpdate(body: JsonNode, now: Toxic): Toxic {
  const kind = kinds[now.type]
  if (!kind) throw new ApiError('invalid toxic type', 400)
  const shape = attributesShape(
    'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }',
    kind.shape,
  )
  const start = { attributes: now.attributes, toxicity: now.toxicity }
  const read = decode(body, { ...shape, fields: { ...shape.fields, toxicity: { is: 'float32' } } }, start)
  const toxic = { ...now, attributes: read.attributes as Values, toxicity: Number(read.toxicity) }
  refuse(toxic)
  return toxic
}

function attributesShape(type: string, shape: Shape): Shape {
  return { name: '', type, fields: { attributes: { is: 'shape', shape } } }
}

function decode(node: JsonNode, shape: Shape, start: Values): Values {
  return orBadBody(() => decodeInto(node, shape, start))
}

function refuse(toxic: Toxic): void {
  const why = kinds[toxic.type]?.refuse?.(toxic.attributes)
  if (why) throw new ApiError(`bad request body: ${toxic.type}: ${why}`, 400)
}

export function writtenToxic({ attributes, name, type, stream, toxicity }: Toxic): { [name: string]: Writable } {
  return { attributes, name, type, stream, toxicity }
}

/** With the `Logger` that its clients have learnt to skip. Upstream toxics first, each direction in order of adding. */
export function writtenProxy({ name, listen, upstream, enabled }: ProxySpec, toxics: readonly Toxic[]): { [name: string]: Writable } {
  return { name, listen, upstream, enabled, Logger: {}, toxics: inOrder(toxics).map(writtenToxic) }
}

export function inOrder(toxics: readonly Toxic[]): Toxic[] {
  return [...toxics.filter(({ direction }) => direction === 'up'), ...toxics.filter(({ direction }) => direction === 'down')]
}
