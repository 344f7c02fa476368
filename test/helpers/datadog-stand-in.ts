/** A stand-in for Datadog's metrics query, built from the published API. Strict: what Datadog would refuse is refused, with its words and headers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve, type TestServer } from './http-server.ts'

export interface DatadogSeries {
  scope: string
  unit?: [object, object | null] | null
  /** By the ms since the epoch at which a stretch begins; null: no data. */
  value(at: number): number | null
}

export interface DatadogStandIn extends TestServer {
  series: DatadogSeries[]
  /** Requests that are left before 429. */
  left: number
  /** s until the limit counts anew. */
  reset: number
  requests: number
  /** ms that its clock is ahead. */
  skew: number
}

export const keys = { api: 'a'.repeat(32), app: 'b'.repeat(40) }
const query =
  /^(avg|sum|min|max|count|p\d\d):[\w.]+\{[^}]*\}( by \{[^}]*\})?(\.as_(count|rate)\(\))?(\.rollup\((avg|sum|min|max|count), (\d+)\))?(\.fill\(\w+\))?$/

export async function startDatadogStandIn(): Promise<DatadogStandIn> {
  const server = await serve(handle)
  const standIn: DatadogStandIn = { ...server, series: [], left: 100, reset: 1, requests: 0, skew: 0 }
  return standIn

  function handle(request: IncomingMessage, response: ServerResponse): void {
    standIn.requests++
    const { pathname, searchParams } = new URL(request.url ?? '', server.url)
    const refuse = (status: number, ...errors: string[]): void => send(response, status, { errors }, standIn)
    if (request.method !== 'GET' || pathname !== '/api/v1/query') return refuse(404, 'Not found')
    if (request.headers['dd-api-key'] !== keys.api) return refuse(403, 'Forbidden')
    if (request.headers['dd-application-key'] !== keys.app) return refuse(403, 'Forbidden')
    if (standIn.left <= 0) return refuse(429, 'Rate limit of 100 requests in 3600 seconds reached. Please try again later.')
    standIn.left--
    const [from, to] = [searchParams.get('from'), searchParams.get('to')]
    if (!/^\d{10}$/.test(from ?? '') || !/^\d{10}$/.test(to ?? '') || Number(from) >= Number(to)) return refuse(400, 'Invalid from or to')
    for (const name of searchParams.keys()) if (!['from', 'to', 'query'].includes(name)) return refuse(400, `Unknown parameter ${name}`)
    const match = query.exec(searchParams.get('query') ?? '')
    if (!match) return refuse(400, 'Error parsing query: unable to parse')
    const asked = Number(match[7] ?? 0)
    const fewest = (Number(to) - Number(from)) / 1500
    const interval = asked > 0 && asked >= fewest ? asked : fewest <= 20 ? 20 : 300
    send(
      response,
      200,
      {
        status: 'ok',
        res_type: 'time_series',
        from_date: 1000 * Number(from),
        to_date: 1000 * Number(to),
        query: match[0],
        series: standIn.series.map((one) => seriesOf(one, Number(from), Number(to), interval)),
      },
      standIn,
    )
  }
}

function seriesOf({ scope, unit = null, value }: DatadogSeries, from: number, to: number, interval: number): object {
  const pointlist: [number, number | null][] = []
  for (let at = Math.floor(from / interval) * interval; at <= to; at += interval) pointlist.push([1000 * at, value(1000 * at)])
  return { metric: 'm', expression: `avg:m{${scope}}`, scope, interval, length: pointlist.length, aggr: 'avg', unit, pointlist }
}

function send(response: ServerResponse, status: number, body: object, { left, reset, skew }: DatadogStandIn): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      date: new Date(Date.now() + skew).toUTCString(),
      'x-ratelimit-limit': '100',
      'x-ratelimit-period': '3600',
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': String(reset),
    })
    .end(JSON.stringify(body))
}
