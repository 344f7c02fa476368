/** A page of metrics that Squall reads itself: gauges as they are, counters as what came since the last reading. */
import { monotonicMs } from '../../system/clock.ts'
import { ask, withoutQuery } from '../http.ts'
import { oncePerTick } from '../per-tick.ts'
import type { Check, Reading, SourceContext } from '../source.ts'
import { type MetricsPage, type PageSample, parseExposition } from './exposition.ts'
import { bucketsOf } from './histogram.ts'
import { readQuery } from './query.ts'
import { matches, parseSelector, type Selector, shownSeries } from './selector.ts'
import { defaultTimeout, headersOf, type PrometheusConfig } from './settings.ts'
import { unitOfName, unitOfRate } from './units.ts'

interface Scrape extends MetricsPage {
  /** ms, monotonic. */
  at: number
}

type Pair = { now: Scrape; before: Scrape | null } | { missing: string }

type ScrapeQuery =
  | { is: 'quantile'; of: Selector }
  | { is: 'share'; bad: Selector; total: Selector }
  | { is: 'series'; of: Selector; summed: boolean }

/** ms: an older reading is no neighbour any more. */
const oldest = 2_500
const accept = 'application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4; q=0.5'
const lastScrapes = new WeakMap<PrometheusConfig, Scrape>()

const scrapes = oncePerTick(async (config: PrometheusConfig, context: SourceContext): Promise<Pair> => {
  const now = await scrape(config, context)
  if ('missing' in now) return now
  const before = lastScrapes.get(config) ?? null
  lastScrapes.set(config, now)
  return { now, before: before && now.at - before.at <= oldest ? before : null }
})

export async function scrapeReading(config: PrometheusConfig, query: string, context: SourceContext): Promise<Reading> {
  const wanted = readScrapeQuery(query)
  if ('problem' in wanted) return { missing: wanted.problem }
  const pair = await scrapes(config, context)
  if ('missing' in pair) return pair
  const { now, before } = pair
  if (wanted.is === 'series' && !isCounter(wanted.of, now)) return gauge(wanted, now)
  if (!before) return { missing: 'a counter needs two readings in a row' }
  const over = now.at - before.at
  if (wanted.is === 'series') {
    const came = since(before, now, wanted.of)
    if ('missing' in came) return came
    if (!wanted.summed && came.length !== 1) return { missing: `${came.length} series at once` }
    return came.length === 0 ? { missing: gone(wanted.of) } : { over, value: (1000 * total(came)) / over }
  }
  if (wanted.is === 'quantile') {
    const came = since(before, now, wanted.of)
    if ('missing' in came) return came
    return came.length === 0 ? { missing: gone(wanted.of) } : { over, ...bucketsOf(came) }
  }
  const [bad, all] = [since(before, now, wanted.bad), since(before, now, wanted.total)]
  if ('missing' in bad) return bad
  if ('missing' in all) return all
  if (all.length === 0) return { missing: gone(wanted.total) }
  if (total(all) === 0) return { missing: 'no events in this time' }
  if (total(bad) > total(all)) return { missing: 'more bad events than events: is the first counter part of the second?' }
  return { over, bad: total(bad), total: total(all) }
}

export async function checkScrape(config: PrometheusConfig, query: string, context: SourceContext): Promise<Check> {
  const wanted = readScrapeQuery(query)
  const pair = await scrapes(config, context)
  const problems = [...('problem' in wanted ? [wanted.problem] : []), ...('missing' in pair ? [pair.missing] : [])]
  if ('problem' in wanted || 'missing' in pair) return { step: 1000, problems }
  const { now } = pair
  const found = (selector: Selector): PageSample[] => now.samples.filter(({ name, labels }) => matches(selector, name, labels))
  const main = wanted.is === 'share' ? wanted.total : wanted.of
  const there = found(main)
  if (there.length === 0) problems.push(gone(main))
  else if (wanted.is === 'series' && !wanted.summed && there.length > 1) {
    const list = there.slice(0, 5).map(({ name, labels }) => shownSeries(name, labels))
    problems.push(
      `${main.text} gives ${there.length} series, exactly one is needed (write sum(${main.text}), or name more labels): ${list.join('; ')}`,
    )
  } else if (wanted.is === 'quantile') {
    const buckets = bucketsOf(there.map(({ labels, value }) => ({ labels, count: value })))
    // A histogram without events yet is as it should be.
    if ('missing' in buckets && !there.every(({ value }) => value === 0)) problems.push(buckets.missing)
  }
  const notes =
    wanted.is === 'share' && found(wanted.bad).length === 0
      ? [`${wanted.bad.text} has no series so far: no bad events, as long as ${main.text} has some`]
      : []
  if (wanted.is === 'share') return { unit: 'share', step: 1000, problems, notes }
  const counted = wanted.is === 'series' && isCounter(wanted.of, now)
  return { ...(counted ? unitOfRate(main.name) : unitOfName(main.name)), step: 1000, problems }
}

function readScrapeQuery(query: string): ScrapeQuery | { problem: string } {
  const wanted = readQuery(query)
  if ('problem' in wanted || wanted.is === 'share') return wanted
  if (wanted.is === 'series') return { is: 'series', of: wanted.selector, summed: false }
  if (wanted.is === 'quantile' && 'selector' in wanted.of) return { is: 'quantile', of: wanted.of.selector }
  const summed = /^\s*sum\s*\((.*)\)\s*$/s.exec(query)?.[1]
  const of = summed === undefined ? null : parseSelector(summed)
  if (of) return { is: 'series', of, summed: true }
  return {
    problem: `“${query}” needs a Prometheus server (url): a scraped page takes name{label="value"}, sum(…), p99(…_bucket) and share(…, …)`,
  }
}

async function scrape(config: PrometheusConfig, context: SourceContext): Promise<Scrape | { missing: string }> {
  const url = config.scrape ?? ''
  const at = monotonicMs()
  const headers = { accept, ...(await headersOf(config, context)) }
  const answer = await ask({ url, headers, timeout: config.timeout ?? defaultTimeout, signal: context.signal })
  if ('failed' in answer) return { missing: answer.failed }
  if (answer.status !== 200) return { missing: `${withoutQuery(url)} answered with status ${answer.status}` }
  const page = parseExposition(answer.text)
  return 'problem' in page ? { missing: `the page of ${withoutQuery(url)} cannot be read: ${page.problem}` } : { at, ...page }
}

function gauge({ of, summed }: Extract<ScrapeQuery, { is: 'series' }>, { samples }: Scrape): Reading {
  const found = samples.filter(({ name, labels }) => matches(of, name, labels))
  if (found.length === 0) return { missing: gone(of) }
  if (found.length > 1 && !summed) return { missing: `${found.length} series at once` }
  const value = found.reduce((sum, sample) => sum + sample.value, 0)
  return Number.isFinite(value) ? { value } : { missing: Number.isNaN(value) ? 'is NaN' : 'is infinite' }
}

function isCounter({ name }: Selector, { types }: Scrape): boolean {
  const type = types.get(name) ?? types.get(name.replace(/_total$/, ''))
  if (type === 'counter') return true
  if (type !== undefined && type !== 'unknown' && type !== 'untyped') return false
  const family = name.replace(/_(count|sum|bucket)$/, '')
  return name.endsWith('_total') || (family !== name && ['histogram', 'summary'].includes(types.get(family) ?? ''))
}

/** What each counter gained; one that is new began at 0. A process that was started anew began all of them again. */
function since(before: Scrape, now: Scrape, selector: Selector): { labels: PageSample['labels']; count: number }[] | { missing: string } {
  const key = ({ name, labels }: PageSample): string => JSON.stringify([name, Object.entries(labels).sort()])
  const last = new Map(before.samples.map((sample) => [key(sample), sample.value]))
  if (startOf(before) !== startOf(now)) return { missing: 'the process was started anew: its counters were reset' }
  const came = now.samples
    .filter(({ name, labels }) => matches(selector, name, labels))
    .map((sample) => ({ labels: sample.labels, count: sample.value - (last.get(key(sample)) ?? 0) }))
  if (came.some(({ count }) => count < 0)) return { missing: 'a counter was reset' }
  return came.every(({ count }) => Number.isFinite(count)) ? came : { missing: 'a counter is not finite' }
}

function startOf({ samples }: Scrape): number | undefined {
  return samples.find(({ name }) => name === 'process_start_time_seconds')?.value
}

function total(came: readonly { count: number }[]): number {
  return came.reduce((sum, { count }) => sum + count, 0)
}

function gone({ text }: Selector): string {
  return `${text} is not on the page`
}
