/**
 * A stand-in for a Prometheus server, for what a real one cannot be made to show on demand. Strict: it takes the query API as documented and
 * answers 400 to anything else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, serve, type TestServer } from './http-server.ts'

export interface Asked {
  path: 'query' | 'query_range'
  query: string
  /** ms since the epoch. */
  from: number
  to: number
  /** ms */
  step: number
}

export interface StandInAnswer {
  /** By labels: the value, or text such as NaN, at each step (one for `query`). */
  series?: { metric: Record<string, string>; value: (at: number) => number | string | null }[]
  warnings?: string[]
  infos?: string[]
  native?: boolean
  /** Instead of an answer. */
  fail?(response: ServerResponse): void
}

export interface PrometheusStandIn extends TestServer {
  asked: Asked[]
  headers: IncomingMessage['headers'][]
  /** ms that its clock is ahead. */
  skew: number
  answer(asked: Asked): StandInAnswer
}

const step = 1000

export async function startPrometheusStandIn(): Promise<PrometheusStandIn> {
  const server = await serve((request, response) => void handle(request, response))
  const standIn: PrometheusStandIn = { ...server, asked: [], headers: [], skew: 0, answer: () => ({ series: [] }) }
  return standIn

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    standIn.headers.push(request.headers)
    const form = new URLSearchParams(await bodyOf(request))
    const path = /^\/api\/v1\/(query|query_range)$/.exec(request.url ?? '')?.[1] as Asked['path'] | undefined
    const refuse = (error: string): void => void json(response, 400, { status: 'error', errorType: 'bad_data', error })
    if (!path || request.method !== 'POST') return void response.writeHead(404).end('404 page not found')
    if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return refuse('unexpected content type')
    const now = Date.now() + standIn.skew
    const query = form.get('query') ?? ''
    if (query === '') return refuse('invalid parameter "query"')
    if (query === 'time()')
      return json(response, 200, { status: 'success', data: { resultType: 'scalar', result: [now / 1000, String(now / 1000)] } })
    const asked = timesOf(path, query, form, now)
    if (typeof asked === 'string') return refuse(asked)
    standIn.asked.push(asked)
    const answer = standIn.answer(asked)
    if (answer.fail) return answer.fail(response)
    const matrix = path === 'query_range' || query.endsWith(']')
    const result = (answer.series ?? []).map(({ metric, value }) => seriesOf(metric, value, asked, matrix, answer.native === true))
    json(response, 200, {
      status: 'success',
      data: { resultType: matrix ? 'matrix' : 'vector', result },
      ...(answer.warnings && { warnings: answer.warnings }),
      ...(answer.infos && { infos: answer.infos }),
    })
  }
}

function timesOf(path: Asked['path'], query: string, form: URLSearchParams, now: number): Asked | string {
  const allowed = path === 'query' ? ['query', 'time', 'timeout'] : ['query', 'start', 'end', 'step', 'timeout']
  for (const key of form.keys()) if (!allowed.includes(key)) return `unknown parameter ${key}`
  if (path === 'query') {
    const to = form.has('time') ? 1000 * Number(form.get('time')) : now
    const range = Number(/\[(\d+)ms\]$/.exec(query)?.[1] ?? 0)
    return { path, query, from: to - range, to, step }
  }
  const asked = {
    path,
    query,
    from: 1000 * Number(form.get('start')),
    to: 1000 * Number(form.get('end')),
    step: 1000 * Number(form.get('step')),
  }
  if (!(asked.step > 0) || !(asked.to >= asked.from)) return 'end timestamp must not be before start time'
  return (asked.to - asked.from) / asked.step > 11_000 ? 'exceeded maximum resolution of 11,000 points per timeseries' : asked
}

function seriesOf(
  metric: Record<string, string>,
  value: (at: number) => number | string | null,
  { from, to }: Asked,
  matrix: boolean,
  native: boolean,
): object {
  if (native) return matrix ? { metric, histograms: [[to / 1000, { count: '3' }]] } : { metric, histogram: [to / 1000, { count: '3' }] }
  if (!matrix) return { metric, value: [to / 1000, String(value(to) ?? 'NaN')] }
  const values: [number, string][] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const here = value(at)
    if (here !== null) values.push([at / 1000, String(here)])
  }
  return { metric, values }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
