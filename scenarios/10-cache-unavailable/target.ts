/** The catalogue keeps pages in a real Redis. The form that survives goes without it after 100 ms; the other has no page then. */
import { Redis } from 'ioredis'
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18200,
  needs: { programs: [{ program: 'redis-server', package: 'redis-server' }] },
  services: {
    catalogue(env) {
      const survives = env.SURVIVES === '1'
      const cache = new Redis({
        host: '127.0.0.1',
        port: Number(env.CACHE),
        // What many people have: commands wait for a connection for as long as it takes.
        ...(survives ? { commandTimeout: 100, maxRetriesPerRequest: 0, enableOfflineQueue: false } : { maxRetriesPerRequest: null }),
        retryStrategy: () => 200,
      })
      cache.on('error', () => {}) // Each command tells.
      serve(env, async () => {
        const kept = survives ? await cache.get('products').catch(() => null) : await cache.get('products')
        if (kept !== null) return { status: 200, body: kept }
        const page = await products()
        const keeping = cache.set('products', page, 'EX', 5)
        if (survives) keeping.catch(() => {})
        else await keeping
        return { status: 200, body: page }
      })
    },
  },
  async start(stage) {
    const [catalogue, redis, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
    const settings = ['--port', `${redis}`, '--bind', '127.0.0.1', '--save', '', '--dir', stage.folder, '--daemonize', 'no']
    await stage.program(['redis-server', ...settings], { port: redis })
    await stage.service('catalogue', { env: { PORT: `${catalogue}`, CACHE: `${proxy}`, SURVIVES: stage.survives ? '1' : '0' } })
    stage.part(
      `the catalogue on ${catalogue} reaches its cache by ${proxy}, where the proxy of the experiment listens; Redis is on ${redis}`,
    )
    stage.part(stage.survives ? 'without the cache the page is made anew' : 'without the cache a request waits for it')
    const url = `http://127.0.0.1:${catalogue}/products`
    return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, redis: `127.0.0.1:${redis}` } }
  },
})

/** Slower than the cache, and there without it. */
async function products(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 15))
  return JSON.stringify({ products: ['tea', 'coffee', 'cocoa'] })
}
