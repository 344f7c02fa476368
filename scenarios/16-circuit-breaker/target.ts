/** Checkout asks payments. The form that survives has a circuit breaker: after some failures it stops asking. */
import { createBreaker } from '../../demo/shop/breaker.ts'
import { startBehindProxy } from '../lib/behind-proxy.ts'
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
  start: (stage) =>
    startBehindProxy(stage, {
      caller: 'checkout',
      callee: 'payments',
      env: 'PAYMENTS',
      page: '/checkout',
      variable: 'payments',
      carries: 'http',
      survives: 'after 5 failures checkout asks once in two seconds',
      weak: 'checkout asks each time, whatever happened before',
    }),
})
