/** Values of options: text in, checked value out. */
import { SquallError } from '../errors.ts'

/** `name=value`, collected: `--var a=1 --var b=2` gives `{ a: '1', b: '2' }`. The value may hold further equals signs. */
export function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new SquallError('usage', `--var ${text}: name=value is expected`, { hint: 'For example --var rate=100/s.' })
  const name = text.slice(0, at)
  if (Object.hasOwn(before, name)) throw new SquallError('usage', `--var ${name} is given twice`, { hint: 'Give each variable once.' })
  return { ...before, [name]: text.slice(at + 1) }
}

/** Each text as it stands, in order. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** `--limit`: a whole number from 1. */
export function limit(text: string): number {
  return whole('--limit', text, 1, 1_000_000)
}

/** `--seed`: a whole number of 32 bits. */
export function seed(text: string): number {
  return whole('--seed', text, 0, 0xffffffff)
}

/** `--port`: a TCP port. */
export function port(text: string): number {
  return whole('--port', text, 1, 65_535)
}

/** `--port` of a server: 0 means any that is free. */
export function anyPort(text: string): number {
  return whole('--port', text, 0, 65_535)
}

/** `--seed` of a server: a whole number of 64 bits, as Go's programs take it; its lower half counts. */
export function anySeed(text: string): number {
  if (/^-?\d{1,19}$/.test(text)) return Number(BigInt.asUintN(32, BigInt(text)))
  throw new SquallError('usage', `--seed ${text}: a whole number is expected`, { hint: 'For example --seed 7.' })
}

/** `--url`: the text of an address that traffic can be sent to. */
export function httpUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new SquallError('usage', `--url ${text}: an address is expected`, { hint: 'For example --url http://127.0.0.1:3000/.' })
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new SquallError('usage', `${option} ${text}: a whole number from ${least} to ${most} is expected`, {
    hint: `For example ${option} ${Math.max(least, 5)}.`,
  })
}
