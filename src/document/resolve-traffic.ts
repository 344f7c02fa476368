/** The `traffic` part: one request or several, defaults filled in, bodies serialised. */
import { type Checking, checkShape } from './check-shape.ts'
import type { Traffic, TrafficRequest } from './experiment.ts'
import { asMap } from './located.ts'
import { nearest } from './nearest.ts'
import { trafficShape } from './shapes.ts'

const keys = Object.keys(trafficShape.shape)

/** Undefined when there is no traffic, or when what there is has errors (then they are collected). */
export function resolveTraffic(checking: Checking, value: unknown): Traffic | undefined {
  if (value === undefined) return undefined
  const { collect } = checking
  const map = asMap(value)
  if (!map) {
    const at = value === null ? 'key' : 'value'
    return void collect.add(['traffic'], 'wrong-type', 'expected a map', { at, fix: 'write { url: http://localhost:8080/, rate: 50/s }' })
  }
  if ('url' in map && 'requests' in map) {
    collect.add(['traffic', 'requests'], 'value-not-allowed', 'stands beside url', {
      at: 'key',
      fix: 'keep one of the two: url for one kind of request, requests for several',
    })
  }
  const misspelt = Object.keys(map).some((key) => !keys.includes(key) && ['url', 'requests'].includes(nearest(key, keys) ?? ''))
  if (!('url' in map) && !('requests' in map) && !misspelt) {
    collect.add(['traffic'], 'key-missing', 'needs the key “url” (or “requests”)', {
      at: 'key',
      fix: 'write e.g. url: http://localhost:8080/',
    })
  }
  for (const key of ['method', 'headers', 'body']) {
    if ('requests' in map && key in map)
      collect.add(['traffic', key], 'key-unknown', 'belongs into each request here', { at: 'key', fix: `move ${key} into requests` })
  }
  const shape = checkShape(checking, trafficShape, value, ['traffic'])
  if (!shape || collect.failedAt(['traffic'])) return undefined
  const written = shape.requests ?? [{ url: shape.url ?? '', method: shape.method, headers: shape.headers, body: shape.body, weight: 1 }]
  const requests = written.map((request, index) => resolveRequest(request, index, written.length))
  checkWeights(checking, requests)
  return {
    rate: shape.rate,
    requests,
    timeout: shape.timeout,
    ok: { status: shape.ok?.status ?? ['2xx', '3xx'], ...(shape.ok?.body !== undefined && { body: shape.ok.body }) },
    ...(shape.ids !== undefined && { ids: shape.ids }),
  }
}

interface WrittenRequest {
  name?: string | undefined
  url: string
  method: string
  headers?: Record<string, string> | undefined
  body?: unknown
  weight: number
}

function resolveRequest(request: WrittenRequest, index: number, many: number): TrafficRequest {
  const headers = { ...request.headers }
  const { body } = request
  const isData = body !== undefined && body !== null && typeof body !== 'string'
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
  if (isData && !hasType) headers['content-type'] = 'application/json'
  const name = request.name ?? (many === 1 ? 'request' : `request ${index + 1}`)
  return { name, url: request.url, method: request.method, headers, body: serialised(body), weight: request.weight }
}

function serialised(body: unknown): string | null {
  if (body === undefined || body === null) return null
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function checkWeights({ collect }: Checking, requests: readonly TrafficRequest[]): void {
  if (requests.every((request) => request.weight === 0))
    collect.add(['traffic', 'requests'], 'value-not-allowed', 'every weight is 0: nothing would be sent', {
      fix: 'give one of them a weight of 1 or more',
    })
  const seen = new Set<string>()
  requests.forEach((request, index) => {
    if (seen.has(request.name))
      collect.add(['traffic', 'requests', index, 'name'], 'name-taken', 'another request has this name', {
        fix: `write ${request.name}-${index + 1}`,
      })
    seen.add(request.name)
  })
}
