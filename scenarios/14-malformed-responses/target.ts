/** The catalogue shows the stock that inventory answers. The form that survives checks what it got; the other shows it, whatever it is. */
import { startBehindProxy } from '../lib/behind-proxy.ts'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18280,
  services: {
    inventory: (env) => serve(env, async () => ({ status: 200, body: { stock: 7, warehouse: 'north', checked: '2026-01-01T00:00:00Z' } })),
    catalogue(env) {
      serve(env, async () => {
        const answer = await call(`${env.INVENTORY}/stock`, { timeout: 1_000 }).catch(() => ({ status: 502, body: '' }))
        return env.SURVIVES === '1' ? checked(answer.body) : trusting(answer.body)
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
      survives: 'a stock that is no number is shown as unknown',
      weak: 'what inventory says is put into the page as it is',
    }),
})

function checked(body: string) {
  try {
    const { stock } = JSON.parse(body) as { stock?: unknown }
    return { status: 200, body: { product: 'tea', stock: typeof stock === 'number' ? stock : 'unknown' } }
  } catch {
    return { status: 200, body: { product: 'tea', stock: 'unknown' } }
  }
}

/** Status 200, and a broken page. */
function trusting(body: string) {
  return { status: 200, body: `{"product":"tea",${body.slice(1)}` }
}
