/** Checkout asks a payment API of another company. The form that survives cuts it off after a second. */
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
  async start(stage) {
    const [checkout, api, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    await stage.service('api', { env: { PORT: `${api}` } })
    await stage.service('checkout', {
      env: { PORT: `${checkout}`, API: `http://127.0.0.1:${proxy}`, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`checkout on ${checkout} asks the payment API by ${proxy}, where the proxy of the experiment listens; the API is on ${api}`)
    stage.part(stage.survives ? 'checkout waits a second, then promises to tell later' : 'checkout waits as long as the API takes')
    const url = `http://127.0.0.1:${checkout}/checkout`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, api: `http://127.0.0.1:${api}` } }
  },
})
