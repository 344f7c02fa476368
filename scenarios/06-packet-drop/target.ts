/** Orders asks its database over a connection that stays open. The form that survives gives TCP the time to send a lost packet again. */
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18120,
  needs: { root: true },
  services: {
    database: (env) => serve(env, async () => ({ status: 200, body: { rows: 3 } })),
    orders(env) {
      // A lost packet is sent again after 200 ms at the earliest.
      const timeout = env.SURVIVES === '1' ? 3_000 : 100
      serve(env, async () => {
        const { body } = await call(`${env.DATABASE}/orders`, { timeout })
        return { status: 200, body: { orders: JSON.parse(body) } }
      })
    },
  },
  async start(stage) {
    const [orders, database] = [stage.port(0), stage.port(1)]
    await stage.service('database', { env: { PORT: `${database}` } })
    await stage.service('orders', {
      env: { PORT: `${orders}`, DATABASE: `http://127.0.0.1:${database}`, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`orders on ${orders} asks its database on ${database}`)
    stage.part(stage.survives ? 'orders waits 3 s for the database' : 'orders gives up on the database after 100 ms')
    const url = `http://127.0.0.1:${orders}/orders`
    return { url, vars: { url, database: `127.0.0.1:${database}` } }
  },
})
