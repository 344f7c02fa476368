/** Checkout asks payments, through the proxy of the experiment. The form that survives waits 300 ms at most, then takes the order and lets the payment follow. */
import { startBehindProxy } from '../lib/behind-proxy.ts'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18100,
  services: {
    payments: (env) => serve(env, async () => ({ status: 200, body: { paid: true } })),
    checkout(env) {
      const timeout = env.SURVIVES === '1' ? { timeout: 300 } : {}
      serve(env, async () => {
        const paid = await call(`${env.PAYMENTS}/v1/charges`, timeout).then(
          ({ status }) => status === 200,
          () => false,
        )
        return { status: paid ? 201 : 202, body: { payment: paid ? 'paid' : 'follows' } }
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
      carries: 'bytes',
      survives: 'checkout waits 300 ms for payments, then lets the payment follow',
      weak: 'checkout waits for payments as long as it takes',
    }),
})
