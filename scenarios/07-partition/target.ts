/** Orders reads from its database. The form that survives answers from what it read last when the database cannot be reached. */
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18140,
  needs: { root: true },
  services: {
    database: (env) => serve(env, async () => ({ status: 200, body: { orders: ['tea', 'coffee'] } })),
    orders(env) {
      let last: string | null = null
      let reachable = true
      // Only one request at a time finds out whether the database is back; the others need not wait for that.
      const read = async (): Promise<string> => {
        const { body } = await call(`${env.DATABASE}/orders`, { timeout: 500, fresh: true })
        return body
      }
      async function careful(): Promise<string> {
        const trying = reachable
        if (!trying && last !== null) return last
        try {
          last = await read()
        } catch (error) {
          if (reachable) {
            reachable = false
            setTimeout(() => (reachable = true), 1_000)
          }
          if (last === null) throw error
        }
        return last
      }
      serve(env, async () => ({ status: 200, body: JSON.parse(env.SURVIVES === '1' ? await careful() : await read()) }))
    },
  },
  async start(stage) {
    const [orders, database] = [stage.port(0), stage.port(1)]
    await stage.service('database', { env: { PORT: `${database}` } })
    await stage.service('orders', {
      env: { PORT: `${orders}`, DATABASE: `http://127.0.0.1:${database}`, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`orders on ${orders} reads from its database on ${database}`)
    stage.part(stage.survives ? 'without the database it answers what it read last' : 'without the database it has no answer')
    const url = `http://127.0.0.1:${orders}/orders`
    return { url, vars: { url, database: `127.0.0.1:${database}` } }
  },
})
