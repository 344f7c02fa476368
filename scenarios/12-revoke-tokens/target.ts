/**
 * A shop asks accounts with an OAuth token; accounts asks the identity provider whether the token is good (RFC 7662). The form that
 * survives gets a new token when its own is refused.
 */
import { createHash, randomBytes } from 'node:crypto'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18240,
  services: { idp: identityProvider, accounts, shop },
  async start(stage) {
    const [shopPort, accountsPort, idpPort] = [stage.port(0), stage.port(1), stage.port(2)]
    const [idp, survives] = [`http://127.0.0.1:${idpPort}`, stage.survives ? '1' : '0']
    await stage.service('idp', { env: { PORT: `${idpPort}` } })
    await stage.service('accounts', { env: { PORT: `${accountsPort}`, IDP: idp } })
    await stage.service('shop', {
      env: { PORT: `${shopPort}`, ACCOUNTS: `http://127.0.0.1:${accountsPort}`, IDP: idp, SURVIVES: survives },
    })
    stage.part(`the shop on ${shopPort} asks accounts on ${accountsPort}, which asks the identity provider on ${idpPort} about each token`)
    stage.part(
      stage.survives
        ? 'with a refused token the shop gets a new one and asks again'
        : 'the shop keeps its token until it expires, in an hour',
    )
    const url = `http://127.0.0.1:${shopPort}/account`
    return { url, vars: { url, idp } }
  },
})

/** Token endpoint with client credentials (RFC 6749 §4.4), introspection (RFC 7662), revocation (RFC 7009), and one page for its operator. */
function identityProvider(env: NodeJS.ProcessEnv): void {
  const tokens = new Map<string, { client: string; until: number; issued: number }>()
  const revokedBefore = new Map<string, number>()
  let issues = 0
  const isActive = (token: string): boolean => {
    const known = tokens.get(hash(token))
    return known !== undefined && known.until > Date.now() && known.issued > (revokedBefore.get(known.client) ?? 0)
  }
  serve(env, async ({ method, path, headers, body }) => {
    const form = new URLSearchParams(body)
    const client = basicUser(headers.authorization)
    // Who asks says who it is, also for introspection (RFC 7662 §2.1) and revocation (RFC 7009 §2.1).
    if (method === 'POST' && client === null)
      return { status: 401, body: { error: 'invalid_client' }, headers: { 'www-authenticate': 'Basic realm="idp"' } }
    if (method === 'POST' && client && path === '/token') {
      if (form.get('grant_type') !== 'client_credentials') return { status: 400, body: { error: 'unsupported_grant_type' } }
      const token = randomBytes(24).toString('base64url')
      tokens.set(hash(token), { client, until: Date.now() + 3_600_000, issued: ++issues })
      return {
        status: 200,
        body: { access_token: token, token_type: 'Bearer', expires_in: 3600 },
        headers: { 'cache-control': 'no-store' },
      }
    }
    if (method === 'POST' && path === '/introspect') {
      const token = form.get('token')
      if (token === null) return { status: 400, body: { error: 'invalid_request' } }
      const known = tokens.get(hash(token))
      return {
        status: 200,
        body: isActive(token) ? { active: true, client_id: known?.client, exp: Math.floor((known?.until ?? 0) / 1000) } : { active: false },
      }
    }
    if (method === 'POST' && path === '/revoke') {
      const token = form.get('token')
      if (token === null) return { status: 400, body: { error: 'invalid_request' } }
      // Of another client's token it says nothing, and leaves it.
      if (tokens.get(hash(token))?.client === client) tokens.delete(hash(token))
      return { status: 200, body: '' }
    }
    const [, revoked] = /^\/clients\/([\w-]+)\/revoked$/.exec(path) ?? []
    if (revoked === undefined) return { status: 404, body: { error: 'not_found' } }
    if (method === 'PUT') revokedBefore.set(revoked, Math.max(revokedBefore.get(revoked) ?? 0, issues))
    if (method === 'DELETE') revokedBefore.delete(revoked)
    return { status: 200, body: { revoked: revokedBefore.has(revoked) } }
  })
}

/** A token that is stolen from here is of no use. */
function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function basicUser(authorization: string | undefined): string | null {
  const [user, password] = Buffer.from(/^Basic (.+)$/.exec(authorization ?? '')?.[1] ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return password === 'demo' && ['shop', 'accounts'].includes(user ?? '') ? (user ?? null) : null
}

function basic(client: string): string {
  return `Basic ${Buffer.from(`${client}:demo`).toString('base64')}`
}

function accounts(env: NodeJS.ProcessEnv): void {
  serve(env, async ({ headers }) => {
    const [, token = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
    const asked = await call(`${env.IDP}/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token }).toString(),
      headers: { authorization: basic('accounts') },
      timeout: 1_000,
    })
    if (asked.status !== 200) return { status: 502, body: { error: 'the identity provider does not say' } }
    if (!(JSON.parse(asked.body) as { active: boolean }).active)
      return { status: 401, body: { error: 'invalid_token' }, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    return { status: 200, body: { account: 'Ada' } }
  })
}

function shop(env: NodeJS.ProcessEnv): void {
  let token: Promise<string> | undefined
  async function login(): Promise<string> {
    const { body } = await call(`${env.IDP}/token`, {
      method: 'POST',
      body: 'grant_type=client_credentials',
      headers: { authorization: basic('shop') },
      timeout: 1_000,
    })
    return (JSON.parse(body) as { access_token: string }).access_token
  }
  serve(env, async () => {
    token ??= login()
    const used = token
    const ask = async (): Promise<{ status: number; body: string }> =>
      call(`${env.ACCOUNTS}/`, { headers: { authorization: `Bearer ${await token}` }, timeout: 2_000 })
    const first = await ask()
    if (first.status !== 401 || env.SURVIVES !== '1') return { status: first.status === 401 ? 500 : first.status, body: first.body }
    // One of those whose token was refused logs in; the others use what it gets.
    if (token === used) token = login()
    return ask()
  })
}
