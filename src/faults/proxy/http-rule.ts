/** From the parameters of `type: http` to the rule that the proxy follows, and to what people read of it. */
import { formatQuantity } from '../../document/quantity.ts'
import { SquallError } from '../../errors.ts'
import type { FieldChange, HttpAct, HttpRule, HttpWhen } from '../../proxy/http/rule.ts'
import { type MatchSpec, matchWords } from './http-match.ts'
import type { HttpSpec } from './http-spec.ts'

/** @throws SquallError for what cannot happen to an answer any more */
export function httpRule(spec: HttpSpec, matched: MatchSpec): HttpRule {
  const late = matched.match.status !== undefined
  const impossible = late && (['rewrite', 'quota', 'lose'] as const).find((key) => key !== 'lose' && spec[key] !== undefined)
  if (impossible)
    throw new SquallError('fault-not-available', `${impossible} acts on a request, and match: { status: … } waits for its answer`, {
      hint: 'Take status out of match.',
    })
  return { ...matched, when: whenOf(spec), at: late ? 'answer' : (spec.at ?? 'request'), acts: actsOf(spec, late) }
}

function whenOf({ share = 1, nth, skip, first, most, cap }: HttpSpec): HttpWhen {
  return { share, ...present({ nth, skip, first, most, cap }) }
}

function actsOf(spec: HttpSpec, late: boolean): HttpAct[] {
  const acts: HttpAct[] = []
  const { delay, jitter = 0, distribution = 'uniform', status, how, lose, change, damage, keep = 0.5, bandwidth, rewrite, quota } = spec
  if (delay !== undefined) acts.push({ is: 'delay', ms: delay, jitter, shape: distribution })
  if (quota) acts.push({ is: 'quota', calls: quota.calls, per: quota.per, status: quota.status ?? 429 })
  if (rewrite) acts.push({ is: 'rewrite', ...present(withoutFields(rewrite)), ...fieldsOf(rewrite) })
  if (status !== undefined) acts.push(answerOf(spec, status, late))
  if (how !== undefined) acts.push({ is: how })
  if (lose !== undefined) acts.push({ is: 'lose', by: lose })
  if (change) acts.push({ is: 'change', ...present(withoutFields(change)), ...fieldsOf(change) })
  if (damage !== undefined) acts.push({ is: 'damage', how: damage, keep })
  if (bandwidth !== undefined) acts.push({ is: 'slow', bytesPerSecond: bandwidth / 8 })
  return acts
}

/** An answer that the service gave already is replaced. */
function answerOf({ headers = {}, body = '', retry_after }: HttpSpec, status: number, late: boolean): HttpAct {
  const fields = { ...headers, ...(retry_after !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(retry_after / 1000))) }) }
  return late ? { is: 'change', status, set: fields, body } : { is: 'answer', status, fields, body }
}

function withoutFields<T extends { headers?: unknown; remove?: unknown }>({ headers: _headers, remove: _remove, ...rest }: T) {
  return rest
}

function fieldsOf({ headers, remove }: { headers?: Record<string, string> | undefined; remove?: string[] | undefined }): FieldChange {
  return present({ set: headers, remove })
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>
}

/** `answer with 503: 50% of the calls with path /v1/charges`. Names of headers and no values: these may be credentials. */
export function ruleWords(spec: HttpSpec, matched: MatchSpec): string {
  return `${actWords(spec).join(', ')}: ${whenWords(spec)}${matchWords(matched)}`
}

function actWords(spec: HttpSpec): string[] {
  const { delay, jitter, status, how, lose, change, damage, bandwidth, rewrite, quota, at = 'request' } = spec
  const words: string[] = []
  const ms = (value: number): string => formatQuantity(value, 'ms')
  if (delay !== undefined) words.push(`delay the ${at} by ${ms(delay)}${jitter ? ` ± ${ms(jitter)}` : ''}`)
  if (quota) words.push(`let ${quota.calls} in ${ms(quota.per)} pass and answer the others with ${quota.status ?? 429}`)
  if (rewrite) words.push(`rewrite ${partWords(rewrite)} of the request`)
  if (status !== undefined) words.push(`answer with ${status}`)
  if (how === 'hang') words.push('give no answer')
  else if (how !== undefined) words.push(`${how} the connection`)
  if (lose !== undefined) words.push(`lose the answer when the work is done (${lose})`)
  if (change) words.push(`change ${partWords(change)} of the answer`)
  if (damage !== undefined) words.push(`damage the answer (${damage})`)
  if (bandwidth !== undefined) words.push(`let the body come at ${formatQuantity(bandwidth, 'bit/s')}`)
  return words
}

function partWords(parts: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(parts).flatMap(([key, value]) => {
    if (value === undefined) return []
    if (key === 'remove') return [`without ${(value as string[]).join(', ')}`]
    return key === 'headers' || key === 'query' ? [`${key} ${Object.keys(value as object).join(', ')}`] : [key]
  })
  return words.join(', ')
}

function whenWords({ share, nth, skip, first, most, cap }: HttpSpec): string {
  const parts = [
    skip !== undefined && skip > 0 && `after the first ${skip}`,
    first !== undefined && `the first ${first}`,
    nth !== undefined && `one in ${nth}`,
    share !== undefined && share < 1 && formatQuantity(share, 'share'),
    most !== undefined && `at most ${most}`,
    cap !== undefined && `at most ${formatQuantity(cap, '/s')}`,
  ].filter((part) => typeof part === 'string')
  return parts.length === 0 ? 'all calls' : `${parts.join(', ')} of the calls`
}
