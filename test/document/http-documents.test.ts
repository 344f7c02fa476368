/** Documents with a fault of type http: what may stand there, and what is told of mistakes. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'

function read(fault: string, match = '') {
  const text = `name: a
hypothesis: It holds.
environment: test
traffic: { url: http://127.0.0.1:8080/, rate: 50/s }
proxies:
  shop: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }
faults:
  - type: http
    target: { proxy: shop${match && `, match: { ${match} }`} }
    ${fault}
`
  return loadDocumentText(text, 'a.yaml', { catalogue: documentCatalogue })
}

/** `code: fix` of each mistake. */
function wrong(fault: string, match = ''): string[] {
  const loaded = read(fault, match)
  return loaded.ok ? [] : loaded.problems.filter(({ severity }) => severity === 'error').map(({ code, fix }) => `${code}: ${fix}`)
}

function right(fault: string, match = ''): { spec: unknown; match: unknown; dials: unknown } {
  const loaded = read(fault, match)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const [one] = loaded.experiment.faults
  return { spec: one?.spec, match: one?.target?.narrowing.match, dials: one?.dials }
}

suite('a fault of type http', () => {
  test('is read with its units, and what it matches as plain data', () => {
    assert.deepEqual(right('status: 503\n    retry_after: 30s\n    share: 50%\n    cap: 60/m\n    body: { error: busy }').spec, {
      ...{ status: 503, retry_after: 30_000, share: 0.5, cap: 1, body: '{"error":"busy"}' },
    })
    const { match } = right(
      'delay: 1s',
      'method: POST, path: /v1/*, headers: { x-tenant: 7 }, status: [2xx, 404], except: { path: /health }',
    )
    assert.deepEqual(match, {
      match: { method: ['POST'], path: '/v1/*', headers: { 'x-tenant': '7' }, status: ['2xx', '404'] },
      except: [{ path: '/health' }],
    })
    assert.deepEqual(right('lose: reset').match, undefined)
    assert.deepEqual(right('delay: 10ms..1s\n    share: 5%..50%\n    bandwidth: 1mbit..64kbit').dials, {
      delay: { from: 10, to: 1000, unit: 'ms' },
      share: { from: 0.05, to: 0.5, unit: 'share' },
      bandwidth: { from: 1e6, to: 64_000, unit: 'bit/s' },
    })
  })

  const rows: [fault: string, match: string, ...told: string[]][] = [
    ['share: 5%', '', 'value-not-allowed: write e.g. status: 503, delay: 1s, how: reset or damage: truncate'],
    ['sttus: 503', '', 'key-unknown: did you mean “status”?'],
    ['status: 99', '', 'value-not-allowed: write one from 200 to 599, e.g. 503'],
    ['how: rst', '', 'value-not-allowed: write hang, reset or close'],
    ['lose: hnag', '', 'value-not-allowed: write reset, close, hang or a status such as 502'],
    ['damage: truncat', '', 'value-not-allowed: did you mean “truncate”?'],
    ['delay: 500', '', 'quantity: write 500ms or 500s'],
    ['delay: 1s\n    jitter: 10', '', 'quantity: write 10ms or 10s'],
    ['status: 503\n    how: reset', '', 'value-not-allowed: write a second fault for it'],
    ['status: 503\n    damage: cut', '', 'value-not-allowed: write change: { status: … } for the real answer'],
    ['lose: reset\n    change: { status: 500 }', '', 'value-not-allowed: remove lose or change'],
    ['how: reset\n    rewrite: { path: /x }', '', 'value-not-allowed: write a second fault for it'],
    ['delay: 1s\n    body: x', '', 'value-not-allowed: write status: 503, or change: { body: … } for the real answer'],
    ['damage: json\n    keep: 10%', '', 'value-not-allowed: remove keep'],
    ['status: 503\n    share: 0%', '', 'value-not-allowed: write e.g. 5%'],
    ['status: 503\n    nth: 0', '', 'value-not-allowed: write 1 or more'],
    ['status: 503\n    cap: 0/s', '', 'value-not-allowed: write e.g. 5/s'],
    ['quota: { calls: 10 }', '', 'key-missing: add per: …'],
    ['rewrite: { path: v2 }', '', 'value-not-allowed: write e.g. /v2/charges'],
    ['rewrite: { remove: cookie }', '', 'wrong-type: write [cookie]'],
    ['rewrite: { body: "${secret:TOKEN}" }', '', 'secret-not-here: write another value'],
    ['rewrite: { headers: { authorization: "${secret:TOKEN}" } }', '', 'value-not-allowed: write another value'],
    ['change: { headers: { content-length: 3 } }', '', 'wrong-type: give it another name'],
    ['status: 503', 'methods: POST', 'key-unknown: did you mean “method”?'],
    ['status: 503', 'method: post', 'value-not-allowed: write POST'],
    ['status: 503', 'path: v1/charges?x=1', 'value-not-allowed: write /v1/charges and query: { NAME: VALUE }'],
    ['status: 503', 'path: "~("', 'value-not-allowed: write \\ before each of ( ) [ ] { } . * + ? that stands for itself'],
    ['status: 503', 'status: [2xx, 700]', 'value-not-allowed: write a status such as 200, or a class such as 2xx'],
    ['status: 503', 'headers: { authorization: "${secret:X}" }', 'value-not-allowed: write * for any value'],
  ]
  for (const [fault, match, ...told] of rows)
    test(`${fault.replaceAll('\n    ', ', ')} ${match && `with match: { ${match} }`} is wrong`, () =>
      assert.deepEqual(wrong(fault, match), told))
})
