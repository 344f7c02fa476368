/** Faults at a proxy of a Toxiproxy server go through the suite of all injectors. What is there is judged by the server's own API. */
import { after, before, describe, suite, test } from 'node:test'
import type { ProxySpec } from '../../src/document/experiment.ts'
import { testInjector, type World } from '../../src/faults/conformance.ts'
import type { AnyInjector, Target } from '../../src/faults/injector.ts'
import { network } from '../../src/faults/proxy/network.ts'
import { partition } from '../../src/faults/proxy/partition.ts'
import { startToxiproxy, type ToxiproxyServer, withoutToxiproxy } from '../helpers/toxiproxy.ts'

interface Shown {
  enabled: boolean
  toxics: { name: string }[]
}

suite('at a Toxiproxy server', { skip: withoutToxiproxy }, () => {
  let server: ToxiproxyServer
  let made = 0
  before(async () => {
    server = await startToxiproxy()
  })
  after(() => server.end())

  /** A proxy of its own for each, with something in it that is not ours. */
  async function world(spec: unknown, doses: Record<string, number>[]): Promise<World> {
    const remote = `shop-${++made}`
    await server.call('POST', '/proxies', { name: remote, listen: '127.0.0.1:0', upstream: '127.0.0.1:9' })
    await server.call('POST', `/proxies/${remote}/toxics`, { name: 'theirs', type: 'noop' })
    const shown = async (): Promise<Shown> => (await server.call('GET', `/proxies/${remote}`)) as Shown
    const proxy: ProxySpec = { name: 'shop', carries: 'bytes', toxiproxy: server.url, remote }
    const target: Target = { place: 'proxy', id: remote, name: 'the proxy shop', facts: { proxy: { ...proxy }, narrowing: {} } }
    return {
      ...{ target, spec, doses },
      async isThere() {
        const { enabled, toxics } = await shown()
        if (!toxics.some(({ name }) => name === 'theirs')) throw new Error('what is not ours was taken away')
        return !enabled || toxics.length > 1
      },
      destroy: async () => void (await server.call('DELETE', `/proxies/${remote}`)),
      cleanUp: async () => void (await server.call('DELETE', `/proxies/${remote}`).catch(() => {})), // The test may have done it.
    }
  }

  const cases: [string, AnyInjector, unknown, Record<string, number>[]?][] = [
    [
      'network',
      network,
      { delay: 120, bandwidth: 1e9, direction: 'both' },
      [
        { delay: 240, bandwidth: 1e9 },
        { delay: 100, bandwidth: 1e8 },
      ],
    ],
    ['partition, stalled', partition, { how: 'stall' }],
    ['partition, refused', partition, { how: 'refuse' }],
    ['partition, reset', partition, { how: 'reset' }],
  ]
  for (const [name, injector, spec, doses = []] of cases)
    describe(name, () => {
      for (const check of testInjector(injector, { world: () => world(spec, doses) })) test(check.name, check.run)
    })
})
