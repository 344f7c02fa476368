/** Documents with proxies, read with everything this version has. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'

const proxies = `proxies:
  shop: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }
  db: { listen: 127.0.0.1:9002, upstream: 127.0.0.1:5432 }
  redis: { toxiproxy: http://127.0.0.1:8474, name: redis }`

function read(fault: string, measures = '') {
  const text = `name: a\nhypothesis: It holds.\nenvironment: test\ntraffic: { url: http://127.0.0.1:8080/, rate: 50/s }\n${proxies}
measures: { error_rate: { max: 5% }${measures} }
faults:
  - { ${fault} }
`
  return loadDocumentText(text, 'a.yaml', { catalogue: documentCatalogue })
}

/** `code: fix` of each mistake, the fault's line being 11 and the measures' 9. */
function wrong(fault: string, measures = ''): string[] {
  const loaded = read(fault, measures)
  return loaded.ok ? [] : loaded.problems.map(({ code, line, fix }) => `${line} ${code}: ${fix}`)
}

function specOf(fault: string): unknown {
  const loaded = read(fault)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.experiment.faults[0]?.spec
}

const network = (rest: string, proxy = 'db'): string => `type: network, target: { proxy: ${proxy} }, ${rest}`
const measured = (from: string, query: string): string[] =>
  wrong(network('delay: 1s'), `, x: { from: "proxy:${from}", query: ${query}, max: none }`)

suite('a fault of type network at a proxy', () => {
  test('has its quantities in base units, and the preset as what it stands for', () => {
    assert.deepEqual(specOf(network('delay: 1s, jitter: 20ms, bandwidth: 128kbit, cut: 64KiB, share: 10%')), {
      ...{ delay: 1000, jitter: 20, bandwidth: 128_000, cut: 65_536, share: 0.1 },
    })
    assert.deepEqual(specOf(network('preset: slow')), { delay: 500, jitter: 100 })
  })

  test('moves its delay and its bandwidth', () => {
    const loaded = read(network('delay: 0ms..1s, bandwidth: 10mbit..128kbit'))
    assert.ok(loaded.ok, JSON.stringify(loaded))
    assert.deepEqual(loaded.experiment.faults[0]?.dials, {
      delay: { from: 0, to: 1000, unit: 'ms' },
      bandwidth: { from: 10_000_000, to: 128_000, unit: 'bit/s' },
    })
    assert.deepEqual(wrong(network('cut: 1kB..2kB')), ['11 no-dial: write one value, e.g. 2kB'])
  })

  test('does to a stream what can be done to one', () => {
    const elsewhere = 'possible at: host, container, pod; at a proxy write delay, or how: reset in a partition'
    assert.deepEqual(wrong(network('loss: 10%')), [`11 place-impossible: ${elsewhere}`])
    assert.deepEqual(wrong(network('delay: 10ms, reorder: 1%')), [`11 place-impossible: ${elsewhere}`])
    for (const preset of ['lossy', 'flaky'])
      assert.deepEqual(wrong(network(`preset: ${preset}`)), [
        '11 place-impossible: possible at: host, container, pod; at a proxy write slow',
      ])
    assert.deepEqual(wrong(network('preset: fast')), ['11 place-impossible: write slow'])
  })

  test('must do something, and each of its parts needs what it belongs to', () => {
    assert.deepEqual(wrong(network('direction: in')), ['11 value-not-allowed: write e.g. delay: 100ms, bandwidth: 128kbit or preset: slow'])
    assert.deepEqual(wrong(network('bandwidth: 1mbit, jitter: 1ms')), ['11 value-not-allowed: write delay: 100ms too'])
    assert.deepEqual(wrong(network('preset: slow, delay: 1s')), ['11 value-not-allowed: remove delay, or preset'])
    assert.deepEqual(wrong(network('delay: 1s, cut_by: close')), ['11 value-not-allowed: write cut: 64KiB too'])
    assert.deepEqual(wrong(network('delay: 1s, share: 0%')), ['11 value-not-allowed: write e.g. 10%'])
    assert.deepEqual(wrong(network('bandwidth: 0bit')), ['11 quantity: write at least 8bit, or a partition with how: stall'])
  })

  test('stands alone at its proxy, beside a partition', () => {
    const two = (second: string): string[] => wrong(`${network('delay: 1s')} }\n  - { name: second, ${second}`)
    assert.deepEqual(two(network('bandwidth: 1mbit')), ['12 faults-collide: keep one of them, or give them different targets'])
    assert.deepEqual(two(network('bandwidth: 1mbit', 'shop')), [])
    assert.deepEqual(two('type: partition, target: { proxy: db }'), [])
  })
})

suite('a proxy of a Toxiproxy server', () => {
  test('takes what Toxiproxy has', () => {
    assert.deepEqual(wrong(network('delay: 1s, jitter: 1ms, bandwidth: 1mbit, cut: 1kB, cut_by: close', 'redis')), [])
    for (const how of ['stall', 'refuse', 'reset', 'close'])
      assert.deepEqual(wrong(`type: partition, target: { proxy: redis }, how: ${how}`), [])
  })

  test('refuses the rest before anything runs', () => {
    const own = 'or declare a proxy of our own'
    assert.deepEqual(wrong(network('cut: 1kB', 'redis')), [`11 place-impossible: write cut_by: close too, ${own}`])
    assert.deepEqual(wrong(network('delay: 1s, jitter: 1ms, distribution: normal', 'redis')), [
      `11 place-impossible: remove distribution, ${own}`,
    ])
    assert.deepEqual(wrong('type: http, target: { proxy: redis }, status: 503'), [
      '11 place-impossible: declare a proxy of our own, with listen and upstream: http://…',
    ])
    for (const rest of ['', ', how: drop', ', how: hang'])
      assert.deepEqual(wrong(`type: partition, target: { proxy: redis }${rest}`), [
        `11 place-impossible: write how: stall, refuse, reset or close, ${own}`,
      ])
  })
})

suite('a measure from a proxy', () => {
  test('of calls needs one that understands HTTP', () => {
    for (const query of ['throughput', 'error_rate', 'latency_p95', 'connections']) assert.deepEqual(measured('shop', query), [])
    for (const query of ['throughput', 'error_rate', 'latency_p99'])
      assert.deepEqual(measured('db', query), [
        '9 place-impossible: declare db with upstream: http://127.0.0.1:5432, or write query: connections',
      ])
    assert.deepEqual(measured('db', 'connections'), [])
  })

  test('is not to be had from a Toxiproxy server', () => {
    assert.deepEqual(measured('redis', 'connections'), ['9 place-impossible: declare a proxy of our own, with listen and upstream'])
  })
})

test('a proxy is named, not searched for', () => {
  assert.deepEqual(wrong('type: partition, target: { proxy: { labels: { a: b } } }'), ['11 value-not-allowed: write proxy: NAME'])
  assert.deepEqual(wrong('type: partition, target: { proxy: sop }'), ['11 proxy-unknown: did you mean “shop”?'])
  assert.deepEqual(wrong('type: partition, target: { proxy: shop, to: 10.0.0.0/8 }'), ['11 key-unknown: remove to'])
})
