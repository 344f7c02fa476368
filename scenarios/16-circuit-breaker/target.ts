/** Checkout asks payments. The form that survives has a circuit breaker: after some failures it stops asking. */
import { createBreaker } from '../../demo/shop/breaker.ts'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18320,
  services: {
    payments: (env) => serve(env, async () => ({ status: 200, body: { paid: true } })),
    checkout(env) {
      const breaker = createBreaker({ failures: env.SURVIVES === '1' ? 5 : Number.POSITIVE_INFINITY, retryAfter: 2_000 })
      serve(env, async () => {
        const paid = await breaker.run(async () => {
          const { status } = await call(`${env.PAYMENTS}/v1/charges`, { timeout: 1_000 })
          if (status >= 500) throw new Error('payments failed')
          return true
        })
        return paid
          ? { status: 201, body: { payment: 'paid' } }
          : { status: 503, body: { error: 'try again later' }, headers: { 'retry-after': '2' } }
      })
    },
  },
  async start(stage) {
    const [checkout, payments, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    await stage.service('payments', { env: { PORT: `${payments}` } })
    await stage.service('checkout', {
      env: { PORT: `${checkout}`, PAYMENTS: `http://127.0.0.1:${proxy}`, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`checkout on ${checkout} asks payments by ${proxy}, where the proxy of the experiment listens; payments is on ${payments}`)
    stage.part(stage.survives ? 'after 5 failures checkout asks once in two seconds' : 'checkout asks each time, whatever happened before')
    const url = `http://127.0.0.1:${checkout}/checkout`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, payments: `http://127.0.0.1:${payments}` } }
  },
})
