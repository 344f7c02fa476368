/** The catalogue asks inventory for the stock. The form that survives shows the page without it. */
import { startBehindProxy } from '../lib/behind-proxy.ts'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18260,
  services: {
    inventory: (env) => serve(env, async () => ({ status: 200, body: { stock: 7 } })),
    catalogue(env) {
      serve(env, async () => {
        const { status, body } = await call(`${env.INVENTORY}/stock`, { timeout: 1_000 })
        if (status === 200) return { status: 200, body: { product: 'tea', stock: (JSON.parse(body) as { stock: number }).stock } }
        return env.SURVIVES === '1'
          ? { status: 200, body: { product: 'tea', stock: 'unknown' } }
          : { status: 500, body: { error: 'no stock' } }
      })
    },
  },
  start: (stage) =>
    startBehindProxy(stage, {
      caller: 'catalogue',
      callerWords: 'the catalogue',
      callee: 'inventory',
      env: 'INVENTORY',
      page: '/products',
      variable: 'inventory',
      carries: 'http',
      survives: 'without a stock the page says “unknown”',
      weak: 'without a stock there is no page',
    }),
})
