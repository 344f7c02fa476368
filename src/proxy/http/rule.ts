/** What an HTTP fault does to which requests. Plain data: ms, bytes, bytes per second. */

/** A text that is compared: exact, with `*` for any characters, or after `~` a regular expression. Upper and lower case count, except in hosts. */
export type Pattern = string

/** All that is given must be so; each list: one of them. */
export interface HttpMatch {
  method?: string[]
  /** Without its port. */
  host?: Pattern
  /** Without the query. */
  path?: Pattern
  /** By name, any case. */
  headers?: Record<string, Pattern>
  query?: Record<string, Pattern>
  /** A regular expression that is found in the body. */
  body?: string
  /** Values in a JSON body, by their path: `order.items.0.sku`. */
  json?: Record<string, Pattern>
  /** Of the real answer: `503` or `5xx`. */
  status?: string[]
}

/** Which of the requests that match. They are counted from 1 since the fault began. */
export interface HttpWhen {
  /** 0…1 */
  share: number
  /** Each n-th. */
  nth?: number
  /** Not the first so many. */
  skip?: number
  /** Only the first so many (after those that are skipped). */
  first?: number
  /** Not more than so many in all. */
  most?: number
  /** Not more than so many in a second. */
  cap?: number
}

export interface HttpDelay {
  is: 'delay'
  /** The mean; of `lognormal` the median. */
  ms: number
  /** `uniform`: up to so much more or less; `normal`: the standard deviation; `lognormal`: the 84th percentile is so much above the median. */
  jitter: number
  shape: 'uniform' | 'normal' | 'lognormal'
}

/** Header fields to set, and names of those that go. */
export interface FieldChange {
  set?: Record<string, string>
  remove?: string[]
}

export type HttpAct =
  | HttpDelay
  /** Answered in place of the service, which hears nothing of it. */
  | { is: 'answer'; status: number; fields: Record<string, string>; body: string }
  /** So many calls in each window of `per` ms pass; the others are answered with this status. */
  | { is: 'quota'; calls: number; per: number; status: number }
  /** No answer, or the end of the connection: before the service hears of it, or in place of its answer. */
  | { is: 'hang' | 'reset' | 'close' }
  /** The service does its work and answers; that answer goes nowhere. */
  | { is: 'lose'; by: 'reset' | 'close' | 'hang' | number }
  | ({ is: 'change'; status?: number; body?: string } & FieldChange)
  | ({ is: 'rewrite'; method?: string; path?: string; query?: Record<string, string>; body?: string } & FieldChange)
  /** See `damage.ts`. `keep`: 0…1 of the body that is left. */
  | { is: 'damage'; how: Damage; keep: number }
  /** The body of the answer comes at this pace. */
  | { is: 'slow'; bytesPerSecond: number }

/** What can be wrong with an answer. The reference says what each does. */
export type Damage = 'truncate' | 'cut' | 'chunk' | 'json' | 'too-long' | 'too-short'

export interface HttpRule {
  match: HttpMatch
  /** Requests that are never touched, e.g. health checks. */
  except: HttpMatch[]
  when: HttpWhen
  /** Where delay, hang, reset and close take place. */
  at: 'request' | 'answer'
  /** All of them, in an order that makes sense: a delay before an answer. */
  acts: HttpAct[]
}
