/** Two regions of two shops each behind HAProxy: in one form b takes over from a, in the other nobody looks. */
import { haproxy, startHaproxy } from '../lib/haproxy.ts'
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18160,
  needs: { programs: [haproxy] },
  services: { shop: (env) => serve(env, async () => ({ status: 200, body: { region: env.REGION } })) },
  async start(stage) {
    const door = stage.port(0)
    const app = `region-${door}`
    const servers = ['a1', 'a2', 'b1', 'b2'].map((name, n) => ({ name, region: name[0] as string, port: stage.port(n + 1) }))
    for (const { name, region, port } of servers)
      await stage.service('shop', { env: { PORT: `${port}`, REGION: region }, labels: { app, region, instance: name } })
    const behind = servers.map(({ name, region, port }) => ({ name, port, ...(region === 'b' && { backup: true as const }) }))
    // Without failover all traffic goes to region a, as the name said when it was looked up.
    await startHaproxy(stage, { listen: door, servers: stage.survives ? behind : behind.slice(0, 2), careful: stage.survives })
    stage.part(
      `HAProxy on ${door}; region a: ${servers[0]?.port}, ${servers[1]?.port}; region b: ${servers[2]?.port}, ${servers[3]?.port} (label app=${app})`,
    )
    stage.part(stage.survives ? 'region b takes over when a does not answer' : 'region b is there, and nobody sends anything to it')
    const url = `http://127.0.0.1:${door}/`
    return { url, vars: { url, app } }
  },
})
