/** Checkout asks a payment API of another company. The form that survives cuts it off after a second. */
import { startBehindProxy } from '../lib/behind-proxy.ts'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18220,
  services: {
    api: (env) => serve(env, async ({ path }) => ({ status: path.startsWith('/v1/charges') ? 200 : 404, body: { charge: 'ok' } })),
    checkout(env) {
      const timeout = env.SURVIVES === '1' ? { timeout: 1_000 } : {}
      serve(env, async () => {
        try {
          const { status } = await call(`${env.API}/v1/charges`, { method: 'POST', body: '{}', ...timeout })
          return { status: status === 200 ? 201 : 502, body: { payment: 'done' } }
        } catch {
          return { status: 202, body: { payment: 'we tell you when it is done' } }
        }
      })
    },
  },
  start: (stage) =>
    startBehindProxy(stage, {
      caller: 'checkout',
      callee: 'api',
      asks: 'the payment API',
      calleeWords: 'the API',
      env: 'API',
      page: '/checkout',
      variable: 'api',
      carries: 'http',
      survives: 'checkout waits a second, then promises to tell later',
      weak: 'checkout waits as long as the API takes',
    }),
})
