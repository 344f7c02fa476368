/** Where a measure comes from: traffic, a source, or a proxy. */
import { type Checking, checkShape } from './check-shape.ts'
import type { ProxySpec } from './experiment.ts'
import type { Path } from './located.ts'
import { type KnownMeasure, knownMeasure, trafficMeasures } from './measure-defaults.ts'
import { suggestion } from './nearest.ts'
import { quote } from './quantity.ts'
import { checkProxyName } from './resolve-proxies.ts'
import { text } from './schema-types.ts'

/** `from: proxy:NAME`. */
export const proxyPrefix = 'proxy:'

export interface MeasureSurroundings {
  hasTraffic: boolean
  /** Names of all declared sources. */
  declared: readonly string[]
  proxies: readonly ProxySpec[]
}

/** Where the measure comes from; undefined after having collected why that can't be told. */
export function sourceOf(checking: Checking, name: string, written: unknown, path: Path, around: MeasureSurroundings): string | undefined {
  const { collect } = checking
  if (name === 'recovery_time') return 'traffic'
  const ofProxies = around.proxies.map((proxy) => proxyPrefix + proxy.name)
  const possible = [...(around.hasTraffic ? ['traffic'] : []), ...around.declared, ...ofProxies]
  if (written === undefined) {
    if (around.hasTraffic && (knownMeasure(name) || near(name))) return 'traffic'
    if (around.hasTraffic) {
      collect.add(path, 'from-missing', 'needs “from”: traffic does not measure it', {
        at: 'key',
        fix: possible.length > 1 ? `write from: ${possible.slice(1).join(' or ')}` : 'declare a source and name it with from',
      })
    } else {
      collect.add(path, 'from-missing', 'without traffic it needs “from”', {
        at: 'key',
        fix: possible.length > 0 ? `write from: ${possible.join(' or ')}` : 'declare traffic, or a source and name it with from',
      })
    }
    return undefined
  }
  const from = word(checking, written, [...path, 'from'])
  if (from === undefined) return undefined
  if (from.startsWith(proxyPrefix))
    return checkProxyName(checking, from.slice(proxyPrefix.length), [...path, 'from'], around.proxies) ? from : undefined
  if (possible.includes(from)) return from
  const message = from === 'traffic' ? 'there is no traffic in this document' : `no source is called ${quote(from)}`
  return void collect.add([...path, 'from'], 'source-unknown', message, {
    fix: suggestion(from, possible) ?? (possible.length > 0 ? `declared: ${possible.join(', ')}` : 'declare it in sources'),
  })
}

/** A misspelt name of a traffic measure is told as such, not as a missing source. */
function near(name: string): boolean {
  return suggestion(name, trafficMeasures) !== undefined
}

/**
 * What Squall counts itself: its traffic, or the calls that pass through a proxy, which has open connections too. Null when it has no
 * such measure, which then is collected.
 */
export function countedHere(
  { collect }: Checking,
  from: string,
  query: string,
  map: Record<string, unknown>,
  path: Path,
  proxies: readonly ProxySpec[],
): Pick<KnownMeasure, 'is' | 'unit'> | null {
  const proxy = from !== 'traffic'
  const declared = proxies.find(({ name }) => from === proxyPrefix + name)
  const blind = declared && whyBlind(declared, query)
  if (blind) {
    collect.add([...path, 'from'], 'place-impossible', blind.message, { fix: blind.fix })
    return null
  }
  if (proxy && query === 'connections') return { is: { kind: 'level' }, unit: 'count' }
  const known = query === 'recovery_time' ? undefined : knownMeasure(query)
  if (known) return known
  const names = proxy ? [...trafficMeasures, 'connections'] : trafficMeasures
  const possible = proxy ? `write query: ${names.join(', ')}` : `traffic gives ${names.join(', ')}; anything else needs from: NAME`
  const written = 'query' in map
  collect.add(written ? [...path, 'query'] : path, 'from-missing', `${proxy ? 'a proxy' : 'traffic'} has no measure ${quote(query)}`, {
    at: written ? 'value' : 'key',
    fix: suggestion(query, names) ?? possible,
  })
  return null
}

/** Why the proxy cannot count this, and what to do; undefined when it can, or when nothing has such a measure. */
function whyBlind(proxy: ProxySpec, query: string): { message: string; fix: string } | undefined {
  const named = quote(proxy.name)
  if ('toxiproxy' in proxy)
    return {
      message: `${named} is of a Toxiproxy server, which tells nothing of this`,
      fix: 'declare a proxy of our own, with listen and upstream',
    }
  if (proxy.carries === 'http' || query === 'recovery_time' || !knownMeasure(query)) return undefined
  const fix = `declare ${proxy.name} with upstream: http://${proxy.upstream}, or write query: connections`
  return { message: `${named} passes on bytes: it sees connections, and no calls`, fix }
}

/** Of a source's buckets: what `p99(…)` in the query says, else what the measure's name ends in (`checkout_p95`). */
export function wantedQuantile(name: string, query: string): number | undefined {
  const percent = /^\s*p(\d\d?(?:\.\d+)?)\(/.exec(query)?.[1] ?? /_p(\d\d)$/.exec(name)?.[1]
  return percent === undefined ? undefined : Number((Number(percent) / 100).toPrecision(12))
}

/** A text that may be left out. */
export function word(checking: Checking, value: unknown, path: Path): string | undefined {
  return value === undefined ? undefined : checkShape(checking, text, value, path)
}
