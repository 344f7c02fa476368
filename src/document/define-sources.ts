/** The types of sources for documents in TypeScript. */
import type { DurationText, Quantity } from './define-texts.ts'

interface Asked {
  timeout?: Quantity<DurationText>
}

interface Http extends Asked {
  headers?: Record<string, string>
}

interface Database extends Asked {
  hosts: string[]
  user?: string
  password?: string
}

/** The sources by their type: what stands beside `type`. */
export interface SourceParameters {
  endpoint: Http & { url: string }
  prometheus: Http & { url?: string; scrape?: string; user?: string; password?: string; token?: string }
  datadog: Asked & { site?: string; url?: string; api_key: string; app_key: string }
  oneuptime: Asked & { url?: string; api_key: string }
  postgres: Database & { user: string; database?: string; ssl?: 'require' | 'verify-full'; ca?: string }
  redis: Database & { tls?: boolean; ca?: string }
  command: Asked & { run: [string, ...string[]]; cwd?: string; env?: string[]; secrets?: string[] }
}

interface OwnSource {
  type: `./${string}` | `../${string}`
  with?: Record<string, unknown>
}

export type SourceInput = { [Type in keyof SourceParameters]: { type: Type } & SourceParameters[Type] }[keyof SourceParameters] | OwnSource
