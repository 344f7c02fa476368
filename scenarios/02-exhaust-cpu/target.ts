/** A shop whose page takes work to make. The form that survives keeps a page that it has made for a second. */
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

/** ms of one processor that a page takes: four fifths of it at the rate of the experiment. */
const work = 20

export default target(import.meta.url, {
  port: 18040,
  services: {
    shop(env) {
      let kept: { page: string; until: number } | null = null
      serve(env, async () => {
        const now = performance.now()
        if (env.SURVIVES === '1' && kept && kept.until > now) return { status: 200, body: kept.page }
        kept = { page: make(), until: now + 1_000 }
        return { status: 200, body: kept.page }
      })
    },
  },
  async start(stage) {
    const shop = stage.port(0)
    await stage.service('shop', { env: { PORT: `${shop}`, SURVIVES: stage.survives ? '1' : '0' } })
    stage.part(`the shop on ${shop}: a page takes ${work} ms of a processor`)
    stage.part(stage.survives ? 'a page that was made is shown for a second' : 'each page is made anew')
    const url = `http://127.0.0.1:${shop}/`
    return { url, vars: { url } }
  },
})

/** Counts its own time, not the clock's: on a busy machine it takes longer, as real work does. */
function make(): string {
  const from = process.cpuUsage()
  let sum = 0
  for (;;) {
    for (let n = 0; n < 20_000; n++) sum += Math.sqrt(n)
    const { user, system } = process.cpuUsage(from)
    if ((user + system) / 1000 >= work) return JSON.stringify({ products: ['tea'], sum })
  }
}
