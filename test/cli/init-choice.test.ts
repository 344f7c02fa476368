import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { documentCatalogue } from '../../src/catalogue.ts'
import { type Choice, choose } from '../../src/cli/init/choose.ts'
import { firstExperiment } from '../../src/cli/init/document.ts'
import { whyLeftAlone } from '../../src/cli/init/left-alone.ts'
import type { Probed } from '../../src/cli/init/probe.ts'
import { inside, type Service, serviceName } from '../../src/cli/init/services.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { SquallError } from '../../src/errors.ts'

let pid = 100

function service(name: string, port: number, more: Partial<Service> = {}): Service {
  const known = { name, program: `node ${name}.ts`, pids: [++pid] as [number], ports: [port], host: '127.0.0.1' }
  return { ...known, fixedPort: port < 32_768, query: { port }, here: true, calls: [], ...more }
}

/** gateway → orders → store, payments; a bystander that nobody calls. */
function shop(): Record<'gateway' | 'orders' | 'store' | 'payments' | 'bystander', Service> {
  const store = service('store', 40_001)
  const payments = service('payments', 40_002)
  const orders = service('orders', 40_003, { calls: [store, payments] })
  return { gateway: service('gateway', 8080, { calls: [orders] }), orders, store, payments, bystander: service('bystander', 40_000) }
}

const chosen = ({ url, target }: Choice): [string, string | undefined] => [url, target?.name]

suite('what squall init chooses', () => {
  test('asks the front door and freezes the smallest part behind it', () => {
    const { url, target, because, others } = choose(Object.values(shop()), null, {})
    assert.equal(url, 'http://127.0.0.1:8080/')
    assert.equal(target?.name, 'payments')
    assert.match(because.target, /only orders is seen to call it, and it calls nobody/)
    assert.match(because.url, /not asked/)
    assert.deepEqual(others.map(({ name }) => name).toSorted(), ['bystander', 'gateway', 'orders', 'store'])
  })

  test('a store that more than one depends on is not the smallest part', () => {
    const all = shop()
    all.gateway.calls.push(all.payments)
    assert.equal(choose(Object.values(all), null, {}).target?.name, 'store')
  })

  test('one service alone is asked and frozen', () => {
    assert.deepEqual(chosen(choose([service('api', 3000)], null, {})), ['http://127.0.0.1:3000/', 'api'])
  })

  test('without known connections, a port that somebody chose is the front door', () => {
    assert.deepEqual(chosen(choose([service('a', 40_000), service('b', 3000)], null, {})), ['http://127.0.0.1:3000/', 'b'])
  })

  test('of those that were asked, only what speaks HTTP is chosen, with the page that answered', () => {
    const [silent, api] = [service('silent', 3000), service('api', 3001)]
    const probed = new Map<number, Probed>([[api.pids[0], { url: 'http://127.0.0.1:3001/health', status: 200 }]])
    const choice = choose([silent, api], probed, {})
    assert.deepEqual([choice.url, choice.page], ['http://127.0.0.1:3001/health', 'answers'])
    assert.match(choice.because.url, /GET \/health with 200/)
  })

  test('a page that answers with an error is marked to be filled in', () => {
    const api = service('api', 3000)
    const choice = choose([api], new Map([[api.pids[0], { url: 'http://127.0.0.1:3000/', status: 404 }]]), {})
    assert.equal(choice.page, 'answers badly')
    assert.match(firstExperiment(choice, { file: 'f.yaml', schema: 's' }), /url: http.* # FILL IN: this page answered with an error/)
  })

  test('wishes count: the target is found by name or port, and asked for where its requests come in', () => {
    const all = Object.values(shop())
    assert.deepEqual(chosen(choose(all, null, { service: 'orders' })), ['http://127.0.0.1:8080/', 'orders'])
    assert.deepEqual(chosen(choose(all, null, { port: 40_000 })), ['http://127.0.0.1:40000/', 'bystander'])
    assert.deepEqual(chosen(choose(all, null, { url: 'http://localhost:40003/orders' })), ['http://localhost:40003/orders', 'payments'])
    const far = choose(all, null, { url: 'https://example.test/' })
    assert.deepEqual(chosen(far), ['https://example.test/', undefined])
  })

  test('what is elsewhere is chosen only by name', () => {
    const far = service('api', 3000, { here: false })
    assert.equal(choose([far], null, {}).target, null)
    assert.equal(choose([far], null, { port: 3000 }).target, far)
  })

  test('what is left alone is never chosen, and says why', () => {
    const database = service('postgres', 5432, { leftAlone: 'it keeps data' })
    assert.equal(choose([database], null, {}).target, null)
    assert.throws(() => choose([database], null, { port: 5432 }), /--port 5432: .* is left alone by squall init: it keeps data/)
    assert.throws(() => choose([database], null, { service: 'postgres' }), /left alone/)
  })

  test('a wish for nothing is refused with the names there are', () => {
    const hint = (wishes: Parameters<typeof choose>[2]): string => {
      try {
        choose(Object.values(shop()), null, wishes)
      } catch (error) {
        if (error instanceof SquallError) return error.hint
      }
      return 'not refused'
    }
    assert.equal(hint({ service: 'order' }), 'did you mean “orders”?')
    assert.match(hint({ port: 1 }), /There are: gateway, orders/)
  })

  test('calls in a circle end', () => {
    const [a, b] = [service('a', 3000), service('b', 3001)]
    a.calls.push(b)
    b.calls.push(a)
    assert.equal(choose([a, b], null, {}).target?.name, 'b')
    assert.equal(choose([a, b], null, { service: 'a' }).target?.name, 'a')
  })
})

suite('names and kinds of programs', () => {
  test('a service is called after its script, its folder or its program', () => {
    assert.equal(serviceName(['node', '/shop/orders.ts'], 'node', '/shop'), 'orders')
    assert.equal(serviceName(['node', '--watch', '/shop/orders/src/index.js'], 'node', '/'), 'orders')
    assert.equal(serviceName(['node', 'server.js'], 'node', '/home/me/checkout'), 'checkout')
    assert.equal(serviceName(['python3', '-m', 'http.server'], 'python3', '/home/me/files'), 'files')
    assert.equal(serviceName(['/usr/bin/caddy', 'run'], 'caddy', '/home/me'), 'caddy')
  })

  test('data stores, shells and what runs others are left alone; a service is not', () => {
    for (const program of ['postgres', 'redis-server', 'bash', 'sshd', 'docker-proxy', 'systemd-resolved'])
      assert.ok(whyLeftAlone(program, [1234]), program)
    assert.equal(whyLeftAlone('java', [9092]), 'it listens where data is kept')
    for (const program of ['node', 'python3', 'shopd', 'caddy']) assert.equal(whyLeftAlone(program, [8080]), null, program)
  })

  test('a folder holds itself and what is below it', () => {
    assert.deepEqual(
      ['/a', '/a/b', '/ab', '/', '/a/..b'].map((path) => inside('/a', path)),
      [true, true, false, false, true],
    )
  })
})

suite('the document that squall init writes', () => {
  const check = (choice: Choice, service?: string): string[] => {
    const text = firstExperiment(choice, {
      file: 'first.yaml',
      schema: '../schema/experiment.json',
      ...(service !== undefined && { service }),
    })
    const read = loadDocumentText(text, 'first.yaml', { catalogue: documentCatalogue })
    return (read.ok ? read.warnings : read.problems).map(({ code, message }) => `${code}: ${message}`)
  }

  test('is valid without a warning when everything, and when nothing was found', () => {
    assert.deepEqual(check(choose(Object.values(shop()), null, {}), 'shop'), [])
    assert.deepEqual(check(choose([], null, {})), [])
  })

  test('says what it will do: five seconds, one process, an abort, in a test environment', () => {
    const text = firstExperiment(choose(Object.values(shop()), null, {}), { file: 'first.yaml', schema: 's' })
    const read = loadDocumentText(text, 'first.yaml', { catalogue: documentCatalogue })
    assert.ok(read.ok)
    const { environment, faults, measures } = read.experiment
    assert.equal(environment, 'test')
    assert.deepEqual(
      faults.map(({ type, for: lasts, target }) => [type, lasts, target?.pick, target?.query]),
      [['pause', 5000, { count: 1 }, { port: 40_002 }]],
    )
    assert.equal(measures.find(({ name }) => name === 'error_rate')?.max.abort?.text, '50% for 10s')
  })

  test('stays valid whatever the services and labels are called', () => {
    const any = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('on', 'null', 'a: b', '# x', 'a\nb: c', '"', "'", '- x', '12:30', '{}', 'é'),
    )
    // A label must not be empty, and `${…}` means a variable: then the reader itself says what is wrong.
    const label = any.filter((text) => text !== '' && !text.includes('${'))
    const property = fc.property(any, any, label, label, (name, program, key, value) => {
      const target = service('x', 40_000, { name, program, query: { labels: { [key]: value } } })
      const choice = choose([target], null, {})
      assert.deepEqual(check(choice, name.replaceAll('${', '') || 'x'), [])
    })
    fc.assert(property, { numRuns: 300 })
  })
})
