/** One question over HTTP, for all sources: a limit of time and size, secrets filled in only here, and no exception for what the other side does. */
import * as z from 'zod/mini'
import { duration, says, secretText, text } from '../document/schema-types.ts'
import { fillSecrets, secretNames } from '../document/secrets.ts'
import { monotonicMs, sleep, wallMs } from '../system/clock.ts'

export const httpAddress = text.check(
  z.refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'expected an address such as http://localhost:8080/metrics',
  }),
)

/** Settings that every source over HTTP has. */
export const httpSettings = {
  headers: says('Headers; ${secret:NAME} may stand in a value.', z.optional(z.record(z.string(), secretText))),
  timeout: says('How long an answer may take; default 2s.', z.optional(duration)),
}

/** For keys: nothing but a reference to a secret, so that none ends up in a file of the project. */
export const secretOnly = secretText.check(
  z.refine((value) => /^\$\{secret:[A-Za-z_][A-Za-z0-9_]*\}$/.test(value), {
    error: 'a key stands in no document',
    params: { fix: 'write "${secret:NAME}"' },
  }),
)

export interface Question {
  url: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** ms for the whole answer. */
  timeout: number
  /** Bytes; default 4 MiB. */
  biggest?: number
  signal: AbortSignal
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** ms that the other side's clock is ahead of ours by its Date header; what whole seconds cannot show is 0. Null without one. */
  skew: number | null
}

const mebibyte = 1024 * 1024

/** `failed` is a reason for people: no answer, none in time, too much of it. A bad status is an answer. */
export async function ask(question: Question): Promise<Answer | { failed: string }> {
  const { url, method = 'GET', timeout, biggest = 4 * mebibyte } = question
  const where = withoutQuery(url)
  // One signal for headers and body together: a body that trickles must not outlive the limit.
  const late = AbortSignal.timeout(timeout)
  try {
    const { request } = (await import('undici')).default // Loaded when it is first needed: reading a document must stay fast.
    const asked = wallMs()
    const { statusCode, headers, body } = await request(url, {
      method,
      headers: question.headers ?? {},
      ...(question.body !== undefined && { body: question.body }),
      signal: AbortSignal.any([late, question.signal]),
    })
    const skew = skewOf(headers.date, (asked + wallMs()) / 2)
    const bytes = await readAll(body, biggest)
    if (bytes === null) return { failed: `the answer of ${where} is bigger than ${biggest / mebibyte} MiB` }
    return { status: statusCode, headers, text: bytes.toString('utf8'), skew }
  } catch (error) {
    if (late.aborted) return { failed: `${where} did not answer within ${timeout} ms` }
    return { failed: `${where} could not be read: ${reasonOf(error as Error)}` }
  }
}

/** ms all tries together may take, and how many there are. */
const patience = { total: 30_000, tries: 3 }

/** Asks again after “too many” (429) and “not now” (503), when the other side says that it will be soon. */
export async function askPatiently(
  question: Question,
  waitOf: (answer: Answer) => number = retryAfter,
): Promise<Answer | { failed: string }> {
  const until = monotonicMs() + patience.total
  for (let left = patience.tries - 1; ; left--) {
    const answer = await ask(question)
    if ('failed' in answer || left === 0 || (answer.status !== 429 && answer.status !== 503)) return answer
    const wait = waitOf(answer)
    if (monotonicMs() + wait > until) return answer
    await sleep(wait, question.signal)
    if (question.signal.aborted) return answer
  }
}

/** ms, from seconds or a date; 1 s when nothing is said. */
export function retryAfter({ headers }: Pick<Answer, 'headers'>): number {
  const value = String(headers['retry-after'] ?? '')
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? 1000 : Math.max(0, date - wallMs())
}

/** Headers with their secrets. @throws when a secret is not set */
export async function filledHeaders(
  headers: Record<string, string> | undefined,
  secret: (name: string) => Promise<string>,
): Promise<Record<string, string>> {
  const filled: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) filled[name] = await fillSecrets(value, secret)
  return filled
}

/** What a source at `url` needs, with the secrets that its texts name. */
export function httpNeeds(url: string, texts: readonly (string | undefined)[]): { reach?: string; secret?: string }[] {
  const secrets = new Set(texts.flatMap((each) => secretNames(each ?? '')))
  return [{ reach: new URL(url).host }, ...[...secrets].map((secret) => ({ secret }))]
}

/** The address as it may be shown: a query may hold a key. */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

function skewOf(date: string | string[] | undefined, ours: number): number | null {
  const theirs = Date.parse(String(date))
  const skew = theirs + 500 - ours
  return Number.isNaN(theirs) ? null : Math.abs(skew) < 1500 ? 0 : skew
}

/** Null when it is more than we take. */
async function readAll(body: AsyncIterable<Buffer>, biggest: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > biggest) return null // Leaving the loop destroys the body.
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return error.message || code || error.name
}
