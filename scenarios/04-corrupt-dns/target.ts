/** Checkout looks payments up by name at a DNS server (dnsmasq). The form that survives falls back to the address that worked last. */
import { Resolver } from 'node:dns/promises'
import { call, serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

const name = 'api.payments.test'

export default target(import.meta.url, {
  port: 18080,
  needs: { programs: [{ program: 'dnsmasq', package: 'dnsmasq-base' }], root: true },
  services: {
    payments: (env) => serve(env, async () => ({ status: 200, body: { paid: true } })),
    checkout(env) {
      const resolver = new Resolver({ timeout: 500, tries: 1 })
      resolver.setServers([env.DNS as string])
      let known: { address: string; until: number } | null = null
      let worked: string | null = null
      const lookUp = async (): Promise<string> => {
        if (known && known.until > performance.now()) return known.address
        const [address] = await resolver.resolve4(name)
        known = { address: address as string, until: performance.now() + 1_000 }
        return known.address
      }
      const pay = async (address: string): Promise<void> => {
        await call(`http://${address}:${env.PAYMENTS}/v1/charges`, { timeout: 500 })
        worked = address
      }
      serve(env, async () => {
        try {
          await pay(await lookUp())
        } catch (error) {
          if (env.SURVIVES !== '1' || worked === null) throw error
          await pay(worked)
        }
        return { status: 201, body: { payment: 'paid' } }
      })
    },
  },
  async start(stage) {
    const [checkout, payments] = [stage.port(0), stage.port(1)]
    // An address of loopback of its own, so that two of these systems do not share a server.
    const dns = `127.77.${checkout % 250}.${Math.floor(checkout / 250) % 250}`
    const only = [
      '--no-daemon',
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--listen-address',
      dns,
      '--conf-file=/dev/null',
      '--pid-file=',
      '--log-facility=/dev/null',
    ]
    await stage.program(['dnsmasq', ...only, '--address', `/${name}/127.0.0.1`, '--local-ttl', '1'])
    await stage.service('payments', { env: { PORT: `${payments}` } })
    await stage.service('checkout', {
      env: { PORT: `${checkout}`, PAYMENTS: `${payments}`, DNS: dns, SURVIVES: stage.survives ? '1' : '0' },
    })
    stage.part(`checkout on ${checkout} looks ${name} up at ${dns} (dnsmasq) and asks payments on ${payments}`)
    stage.part(stage.survives ? 'when that fails it asks at the address that worked last' : 'it asks where the name says')
    const url = `http://127.0.0.1:${checkout}/checkout`
    return { url, vars: { url, dns } }
  },
})
