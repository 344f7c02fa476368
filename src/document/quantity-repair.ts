/** What people write instead of a quantity, and what they mean. */
import { decimal, own, plain, quote, suffixes, valid } from './units.ts'

export interface Refusal {
  ok: false
  /** Starts lower case: it follows a key's name. */
  message: string
  /** What to write instead, if it can be told. */
  fix?: string
}

/** Their units, and ours. */
const misspelt: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  S: 's',
  msec: 'ms',
  millis: 'ms',
  MS: 'ms',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hour: 'h',
  hours: 'h',
  H: 'h',
  rps: '/s',
  qps: '/s',
  tps: '/s',
  Hz: '/s',
  'r/s': '/s',
  'req/s': '/s',
  ' per second': '/s',
  '/sec': '/s',
  '/second': '/s',
  '/min': '/m',
  '/minute': '/m',
  '/hour': '/h',
  K: 'kB',
  k: 'kB',
  KB: 'kB',
  M: 'MB',
  G: 'GB',
  kb: 'kB',
  mb: 'MB',
  gb: 'GB',
  Ki: 'KiB',
  Mi: 'MiB',
  Gi: 'GiB',
  kib: 'KiB',
  mib: 'MiB',
  gib: 'GiB',
  kbps: 'kbit',
  mbps: 'mbit',
  gbps: 'gbit',
  Kbit: 'kbit',
  Mbit: 'mbit',
  Gbit: 'gbit',
  kbits: 'kbit',
  mbits: 'mbit',
  percent: '%',
  PP: 'pp',
}

/** Says what is wrong with a text that is no quantity, and where it can be told what is meant instead. */
export function refuse(text: string): Refusal {
  const { why, meant } = repaired(text) ?? { why: 'is not a quantity' }
  // A repair mends one mistake; where there is a second one, its text would be refused again.
  return {
    ok: false,
    message: `${quote(text)} ${why}`,
    fix: `write ${meant !== undefined && valid(meant) ? meant : 'a quantity such as 30s'}`,
  }
}

interface Repair {
  why: string
  meant?: string
}

/** Recognises what people write by mistake. */
function repaired(text: string): Repair | undefined {
  if (text.trim() === '') return { why: 'is empty' }
  const tight = text.replace(/\s+/g, '')
  if (tight !== text) {
    const meant = valid(tight) ? tight : withKnownUnit(tight)
    if (meant !== undefined) return { why: 'has a blank inside', meant }
  }
  if (/^\d{1,3}(?:,\d{3})+\D*$/.test(text)) return { why: 'has separators between its digits', meant: text.replaceAll(',', '') }
  if (/^\d+,\d+\D*$/.test(text)) return { why: 'has a decimal comma', meant: text.replace(',', '.') }
  const joined = text.replace(/[_,']/g, '')
  if (/^[\d_,']+\D*$/.test(text) && joined !== text && valid(joined)) return { why: 'has separators between its digits', meant: joined }
  const sum = addUp(text)
  if (sum !== undefined) return { why: 'is a sum', meant: sum }
  if (text.startsWith('-')) return { why: 'is negative', meant: text.slice(1) }
  if (text.startsWith('+')) return { why: 'has a sign', meant: text.slice(1) }
  if (/^0\d/.test(text)) return { why: 'has leading zeros', meant: text.replace(/^0+(?=\d)/, '') }
  if (/^\.\d/.test(text)) return { why: 'has no digit before the point', meant: `0${text}` }
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?e[+-]?\d{1,2})(.*)$/i.exec(text) ?? []
  if (number !== undefined) return { why: 'has an exponent', meant: plain(Number(number)) + unit }
  const days = /^(\d+)d(?:ays?)?$/.exec(text)?.[1]
  if (days !== undefined) return { why: 'is in days, which there are not', meant: `${Number(days) * 24}h` }
  const micro = /^(\d+(?:\.\d+)?)(?:us|µs|μs)$/.exec(text)?.[1]
  if (micro !== undefined) return { why: 'is below the smallest unit, ms', meant: `${plain(Number(micro) / 1000)}ms` }
  const meant = withKnownUnit(text)
  if (meant !== undefined) return { why: 'has a unit that is not known', meant }
  return decimal.test(text) ? { why: 'has a unit that is not known' } : undefined
}

/** The same digits with our name of the unit. */
function withKnownUnit(text: string): string | undefined {
  const digits = decimal.exec(text)?.[0]
  const known = digits === undefined ? undefined : own(misspelt, text.slice(digits.length))
  return digits === undefined || known === undefined ? undefined : digits + known
}

/** `1m30s` → `90s`; undefined when it is not a sum of durations. */
function addUp(text: string): string | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h)\s*){2,}$/.test(text)) return undefined
  let total = 0
  for (const [, digits, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(digits) * (own(suffixes, unit)?.factor ?? 0)
  return total % 1000 === 0 ? `${total / 1000}s` : `${total}ms`
}
