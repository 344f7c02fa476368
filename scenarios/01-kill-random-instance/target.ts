/** Three carts behind HAProxy. The form that survives is checked, tries another instance, and starts a dead one again. */
import { haproxy, startHaproxy } from '../lib/haproxy.ts'
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18020,
  needs: { programs: [haproxy] },
  services: { cart: (env) => serve(env, async () => ({ status: 200, body: { items: ['tea'], by: env.NAME } })) },
  async start(stage) {
    const door = stage.port(0)
    const servers = [1, 2, 3].map((n) => ({ name: `cart-${n}`, port: stage.port(n) }))
    const app = `cart-${door}`
    for (const { name, port } of servers) {
      const ends = stage.survives ? { againAfter: 1_500 } : { mayEnd: true as const }
      await stage.service('cart', { env: { PORT: `${port}`, NAME: name }, labels: { app, instance: name }, ...ends })
    }
    await startHaproxy(stage, { listen: door, servers, careful: stage.survives })
    stage.part(`HAProxy on ${door}, behind it ${servers.map(({ name, port }) => `${name} on ${port}`).join(', ')} (label app=${app})`)
    stage.part(
      stage.survives ? 'each is checked, and started again 1.5 s after its end' : 'nobody checks them, and nobody starts one again',
    )
    const url = `http://127.0.0.1:${door}/cart`
    return { url, vars: { url, app } }
  },
})
