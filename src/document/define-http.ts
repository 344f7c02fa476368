/** A fault of type http as a type: what a TypeScript document may say of it. */
import type { BandwidthText, Dial, DurationText, Quantity, RateText, ShareText, VariableText } from './define-texts.ts'

type Duration = Quantity<DurationText>

/** What is compared: exact, with `*` for any characters, or after `~` a regular expression. */
type Pattern = string | number

type Status = number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx'

interface RequestMatch {
  method?: string | string[]
  host?: Pattern
  path?: string
  query?: Record<string, Pattern>
  headers?: Record<string, Pattern>
}

export interface HttpMatchText extends RequestMatch {
  body?: string
  json?: Record<string, Pattern>
  status?: Status | Status[]
  except?: RequestMatch | RequestMatch[]
}

/** What stands beside `type: http`. */
export interface HttpParameters {
  delay?: Dial<DurationText>
  jitter?: Duration
  distribution?: 'uniform' | 'normal' | 'lognormal'
  at?: 'request' | 'answer'
  status?: number | VariableText
  headers?: Record<string, Pattern>
  body?: unknown
  retry_after?: Duration
  how?: 'hang' | 'reset' | 'close'
  lose?: 'hang' | 'reset' | 'close' | number
  change?: { status?: number; headers?: Record<string, Pattern>; remove?: string[]; body?: unknown }
  damage?: 'truncate' | 'cut' | 'chunk' | 'json' | 'too-long' | 'too-short'
  keep?: Quantity<ShareText>
  bandwidth?: Dial<BandwidthText>
  rewrite?: {
    method?: string
    path?: string
    query?: Record<string, Pattern>
    headers?: Record<string, Pattern>
    remove?: string[]
    body?: unknown
  }
  quota?: { calls: number | VariableText; per: Duration; status?: number }
  share?: Dial<ShareText>
  nth?: number | VariableText
  skip?: number | VariableText
  first?: number | VariableText
  most?: number | VariableText
  cap?: Quantity<RateText>
  ramp?: Duration
}
