/** The settings of a Prometheus source: the query API of a server, or one page of metrics that is scraped by ourselves. */
import * as z from 'zod/mini'
import { once, says, secretText } from '../../document/schema-types.ts'
import { fillSecrets } from '../../document/secrets.ts'
import { filledHeaders, httpAddress, httpSettings } from '../http.ts'
import type { SourceContext } from '../source.ts'

export const settings = once(() =>
  z
    .strictObject({
      url: says(
        'A Prometheus server, or what speaks its query API (Mimir, Thanos, VictoriaMetrics: with their path).',
        z.optional(httpAddress),
      ),
      scrape: says('Instead of `url`: a page of metrics in the text format, read by Squall itself once a second.', z.optional(httpAddress)),
      user: says('For basic authentication, with `password`.', z.optional(secretText)),
      password: says('Its password: "${secret:NAME}".', z.optional(secretText)),
      token: says('A bearer token: "${secret:NAME}".', z.optional(secretText)),
      ...httpSettings,
      timeout: says('How long an answer may take; default 5s.', httpSettings.timeout),
    })
    .check(
      z.refine(({ url, scrape }) => (url === undefined) !== (scrape === undefined), {
        error: 'needs either “url” (the query API) or “scrape”',
        params: { fix: 'write e.g. url: http://localhost:9090' },
      }),
      z.refine(({ user, password }) => (user === undefined) === (password === undefined), {
        error: '“user” and “password” go together',
        params: { fix: 'write both of them, or neither' },
      }),
      z.refine(({ user, token }) => user === undefined || token === undefined, {
        error: 'either “user” or “token”, not both',
        params: { fix: 'remove one of them' },
      }),
    ),
)

export type PrometheusConfig = z.infer<ReturnType<typeof settings>>

/** ms */
export const defaultTimeout = 5_000

export async function headersOf(config: PrometheusConfig, { secret }: SourceContext): Promise<Record<string, string>> {
  const headers = await filledHeaders(config.headers, secret)
  if (config.token !== undefined) headers.authorization = `Bearer ${await fillSecrets(config.token, secret)}`
  if (config.user !== undefined && config.password !== undefined) {
    const [user, password] = [await fillSecrets(config.user, secret), await fillSecrets(config.password, secret)]
    headers.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }
  return headers
}
