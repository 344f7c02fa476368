/** The catalogue asks inventory for the stock. The form that survives shows the page without it. */
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
  async start(stage) {
    const [catalogue, inventory, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    await stage.service('inventory', { env: { PORT: `${inventory}` } })
    const env = { PORT: `${catalogue}`, INVENTORY: `http://127.0.0.1:${proxy}`, SURVIVES: stage.survives ? '1' : '0' }
    await stage.service('catalogue', { env })
    stage.part(
      `the catalogue on ${catalogue} asks inventory by ${proxy}, where the proxy of the experiment listens; inventory is on ${inventory}`,
    )
    stage.part(stage.survives ? 'without a stock the page says “unknown”' : 'without a stock there is no page')
    const url = `http://127.0.0.1:${catalogue}/products`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, inventory: `http://127.0.0.1:${inventory}` } }
  },
})
