/** The catalogue shows the stock that inventory answers. The form that survives checks what it got; the other shows it, whatever it is. */
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
  async start(stage) {
    const [catalogue, inventory, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    await stage.service('inventory', { env: { PORT: `${inventory}` } })
    const env = { PORT: `${catalogue}`, INVENTORY: `http://127.0.0.1:${proxy}`, SURVIVES: stage.survives ? '1' : '0' }
    await stage.service('catalogue', { env })
    stage.part(
      `the catalogue on ${catalogue} asks inventory by ${proxy}, where the proxy of the experiment listens; inventory is on ${inventory}`,
    )
    stage.part(stage.survives ? 'a stock that is no number is shown as unknown' : 'what inventory says is put into the page as it is')
    const url = `http://127.0.0.1:${catalogue}/products`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, inventory: `http://127.0.0.1:${inventory}` } }
  },
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
