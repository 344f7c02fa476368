/** A stand-in for OneUptime's metric aggregation, built from its published code (version 12). Strict: what it would refuse is refused, in its words. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, serve, type TestServer } from './http-server.ts'

export interface OneUptimeStandIn extends TestServer {
  /** The value of a minute, by the ms since the epoch at which it begins; null: nothing was sent. */
  value(at: number, asked: Aggregate): number | null
  /** Ends like a query that took too long. */
  slow: boolean
  truncated: boolean
  asked: Aggregate[]
  fail: { status: number; message: string; headers?: Record<string, string> } | null
}

interface Aggregate {
  aggregateColumnName?: string
  aggregationType?: string
  aggregationTimestampColumnName?: string
  aggregationInterval?: string
  startTimestamp?: { _type?: string; value?: string }
  endTimestamp?: { _type?: string; value?: string }
  query?: { name?: string; attributes?: Record<string, string> }
  limit?: number
  skip?: number
  timeoutOverflowMode?: string
}

export const apiKey = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const types = ['Max', 'Min', 'Sum', 'Avg', 'Count', 'P50', 'P90', 'P95', 'P99']
const intervals = ['Minute', 'FiveMinutes', 'FifteenMinutes', 'ThirtyMinutes', 'Hour', 'Day', 'Week', 'Month', 'Year', 'Total']

export async function startOneUptimeStandIn(): Promise<OneUptimeStandIn> {
  const server = await serve((request, response) => void handle(request, response))
  const standIn: OneUptimeStandIn = { ...server, value: () => 5, slow: false, truncated: false, asked: [], fail: null }
  return standIn

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request)
    const refuse = (status: number, message: string): void => send(response, status, { message })
    if (request.method !== 'POST' || request.url !== '/api/metrics/aggregate') return refuse(404, 'Page not found')
    if (request.headers.apikey === undefined) return refuse(401, 'A user should be logged in to read record of Metric.')
    if (request.headers.apikey !== apiKey) return refuse(400, 'Invalid API Key')
    if (standIn.fail) return send(response, standIn.fail.status, { message: standIn.fail.message }, standIn.fail.headers)
    const { aggregateBy: asked } = JSON.parse(text) as { aggregateBy?: Aggregate }
    if (!asked) return refuse(400, 'AggregateBy is required')
    if (!types.includes(asked.aggregationType ?? ''))
      return refuse(400, `Invalid aggregationType: ${asked.aggregationType}. Allowed values: ${types.join(', ')}`)
    if (asked.aggregationInterval !== undefined && !intervals.includes(asked.aggregationInterval))
      return refuse(400, `Invalid aggregationInterval: ${asked.aggregationInterval}.`)
    if (asked.aggregateColumnName !== 'value') return refuse(400, `Invalid aggregateColumnName: ${asked.aggregateColumnName}`)
    if (asked.aggregationTimestampColumnName !== 'time')
      return refuse(400, `Invalid aggregationTimestampColumnName: ${asked.aggregationTimestampColumnName}`)
    const [from, to] = [asked.startTimestamp, asked.endTimestamp].map((date) =>
      date?._type === 'DateTime' ? Date.parse(date.value ?? '') : Number.NaN,
    )
    if (from === undefined || to === undefined || !(from < to)) return refuse(400, 'Start and end timestamps are required')
    if (!asked.query?.name) return refuse(400, 'A metric name is required')
    standIn.asked.push(asked)
    if (standIn.slow && asked.timeoutOverflowMode === 'throw') return refuse(500, 'Timeout exceeded: elapsed 45 seconds')
    const rows = rowsOf(standIn, asked, from, standIn.slow ? (from + to) / 2 : to)
    send(response, 200, { data: rows.slice(0, asked.limit ?? 10), ...(standIn.truncated && { truncated: true }) })
  }
}

/** Newest first; a minute in which nothing was sent has no row. Without an interval a long window has wider stretches. */
function rowsOf(standIn: OneUptimeStandIn, asked: Aggregate, from: number, to: number): { timestamp: string; value: number }[] {
  const width = asked.aggregationInterval === 'Minute' || to - from <= 3 * 3_600_000 ? 60_000 : 300_000
  const rows: { timestamp: string; value: number }[] = []
  for (let at = Math.floor(from / width) * width; at < to; at += width) {
    const value = standIn.value(at, asked)
    if (value !== null) rows.unshift({ timestamp: new Date(at).toISOString(), value })
  }
  return rows
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
