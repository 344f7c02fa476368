/** Which parameters of `type: http` need another one beside them, and which leave no room for each other. */
import * as z from 'zod/mini'

type Written = Readonly<Record<string, unknown>>

/** Each does something by itself. */
const acts = ['delay', 'status', 'how', 'lose', 'change', 'damage', 'bandwidth', 'rewrite', 'quota']
/** After one of these the service hears nothing, or nobody hears of its answer. */
const ends = ['status', 'how', 'lose']
/** What happens to an answer that arrives. */
const onAnswer = ['change', 'damage', 'bandwidth']

const needs: readonly [key: string, others: readonly string[], example: string][] = [
  ['jitter', ['delay'], 'delay: 500ms'],
  ['distribution', ['jitter'], 'jitter: 100ms'],
  ['headers', ['status'], 'status: 503, or change: { headers: … } for the real answer'],
  ['body', ['status'], 'status: 503, or change: { body: … } for the real answer'],
  ['retry_after', ['status'], 'status: 503'],
  ['keep', ['damage'], 'damage: truncate'],
  ['at', ['delay', 'how'], 'delay: 500ms'],
]

export function together<T extends Written>() {
  return z.check<T>(({ value, issues }) => {
    const there = (key: string): boolean => value[key] !== undefined
    const wrong = (key: string | null, message: string, fix: string): unknown =>
      issues.push({ code: 'custom', input: value, path: key === null ? [] : [key], message, params: { code: 'value-not-allowed', fix } })
    // A key that is misspelt has been told: it may be the one that is missing.
    if (!acts.some(there) && issues.length === 0)
      return void wrong(null, 'nothing happens to the calls', 'write e.g. status: 503, delay: 1s, how: reset or damage: truncate')
    for (const [key, others, example] of needs)
      if (there(key) && !others.some(there)) wrong(key, `${key} is nothing without ${others.join(' or ')}`, `write ${example}`)
    const [first, second] = ends.filter(there)
    if (second !== undefined) wrong(second, `${first} leaves no call for ${second}`, 'write a second fault for it')
    const late = onAnswer.find(there)
    if (first !== undefined && late !== undefined)
      wrong(
        late,
        `with ${first} there is no real answer to it`,
        first === 'status' ? 'write change: { status: … } for the real answer' : `remove ${first} or ${late}`,
      )
    if (there('rewrite') && (there('status') || there('how')))
      wrong('rewrite', `with ${first} the service hears nothing`, 'write a second fault for it')
    if (there('keep') && there('damage') && value.damage !== 'truncate' && value.damage !== 'cut')
      wrong('keep', `${String(value.damage)} keeps all of the body`, 'remove keep')
    if (value.share === 0) wrong('share', '0% of the calls is none of them', 'write e.g. 5%')
  })
}
