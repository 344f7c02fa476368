/** Proxies with their toxics in a file: what `--state` keeps and what `--config` may hold. Errors name the place. */
import { ApiError } from './answer.ts'
import { type ProxySpec, proxiesToPopulate, toxicToAdd, writtenProxy } from './bodies.ts'
import { type JsonNode, readFirstValue } from './json-read.ts'
import { type Writable, writeJson } from './json-write.ts'
import type { Toxic } from './toxics.ts'

export interface KeptProxy {
  spec: ProxySpec
  toxics: readonly Toxic[]
}

const schema = 'squall.proxy-state/1'

export function writeKept(proxies: readonly { spec: Readonly<ProxySpec>; toxics: readonly Toxic[] }[]): string {
  const lines = proxies.map(({ spec, toxics }) => {
    const { name, listen, upstream, enabled, toxics: written } = { ...writtenProxy(spec, toxics) }
    return writeJson({ name, listen, upstream, enabled, toxics: written } as Writable)
  })
  return `{"schema":"${schema}","proxies":[\n${lines.join(',\n')}\n]}\n`
}

/** @throws Error that says what is wrong */
export function readKept(bytes: Buffer): KeptProxy[] {
  const node = readFirstValue(bytes)
  const found = node.is === 'object' ? new Map(node.fields) : new Map<string, JsonNode>()
  const marked = found.get('schema')
  if (marked?.is !== 'string' || marked.value !== schema) throw new Error(`"schema": "${schema}" is missing`)
  return readProxies(found.get('proxies') ?? { is: 'null' })
}

/** The list that /populate takes; here the toxics in it count. */
export function readConfig(bytes: Buffer): KeptProxy[] {
  return readProxies(readFirstValue(bytes))
}

function readProxies(list: JsonNode): KeptProxy[] {
  const specs = proxiesToPopulate(list)
  const items = list.is === 'array' ? list.items : []
  return specs.map((spec, i) => ({ spec, toxics: toxicsIn(items[i], spec.name) }))
}

function toxicsIn(item: JsonNode | undefined, proxy: string): Toxic[] {
  const list = item?.is === 'object' ? item.fields.findLast(([name]) => name.toLowerCase() === 'toxics')?.[1] : undefined
  if (list === undefined || list.is === 'null') return []
  if (list.is !== 'array') throw new Error(`proxy ${proxy}: toxics must be a list`)
  const toxics: Toxic[] = []
  for (const [i, toxic] of list.items.entries()) {
    try {
      toxics.push(toxicToAdd(toxic, (name) => toxics.some((one) => one.name === name)))
    } catch (error) {
      throw error instanceof ApiError ? new Error(`proxy ${proxy}, toxic ${i + 1}: ${error.message}`) : error
    }
  }
  return toxics
}
