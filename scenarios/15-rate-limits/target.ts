/** A gateway in front of something that takes one order after the other. The form that survives has a limit for each customer. */
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

/** ms that one order takes: 160 a second and no more. */
const work = 6
/** Orders per second of one customer. */
const limit = 60

export default target(import.meta.url, {
  port: 18300,
  services: {
    gateway(env) {
      let queue: Promise<unknown> = Promise.resolve()
      const tokens = new Map<string, number>()
      setInterval(() => tokens.clear(), 250).unref()
      serve(env, async ({ headers }) => {
        const customer = `${headers['x-customer'] ?? 'nobody'}`
        const taken = (tokens.get(customer) ?? 0) + 1
        tokens.set(customer, taken)
        if (env.SURVIVES === '1' && taken > limit / 4)
          return { status: 429, body: { error: 'too many orders' }, headers: { 'retry-after': '1' } }
        const mine = queue.then(() => new Promise((resolve) => setTimeout(resolve, work)))
        queue = mine
        await mine
        return { status: 201, body: { order: 'taken' } }
      })
    },
  },
  async start(stage) {
    const gateway = stage.port(0)
    await stage.service('gateway', { env: { PORT: `${gateway}`, SURVIVES: stage.survives ? '1' : '0' } })
    stage.part(`the gateway on ${gateway}: behind it about 160 orders a second are possible`)
    stage.part(stage.survives ? `a customer gets ${limit} a second, then 429` : 'whoever comes first is served first')
    const url = `http://127.0.0.1:${gateway}/orders`
    return { url, vars: { url } }
  },
})
