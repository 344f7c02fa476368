/** Checkout asks payments, through the proxy of the experiment. The form that survives waits 300 ms at most, then takes the order and lets the payment follow. */
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
  async start(stage) {
    const [checkout, payments, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    await stage.service('payments', { env: { PORT: `${payments}` } })
    await stage.service('checkout', {
      env: { PORT: `${checkout}`, PAYMENTS: `http://127.0.0.1:${proxy}`, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`checkout on ${checkout} asks payments by ${proxy}, where the proxy of the experiment listens; payments is on ${payments}`)
    stage.part(
      stage.survives
        ? 'checkout waits 300 ms for payments, then lets the payment follow'
        : 'checkout waits for payments as long as it takes',
    )
    const url = `http://127.0.0.1:${checkout}/checkout`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, payments: `127.0.0.1:${payments}` } }
  },
})
