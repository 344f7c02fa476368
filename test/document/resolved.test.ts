import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentWith, load, valid } from './support.ts'

function measure(cells: string, name = 'error_rate') {
  const { experiment } = valid(documentWith({ rest: `measures:\n  ${name}: ${cells}` }))
  return experiment.measures.find((candidate) => candidate.name === name)
}

test('a document that says little gets the durations and bounds of the format', () => {
  const { experiment, warnings } = valid(documentWith({}))
  assert.deepEqual(experiment.phases, { warmup: 5000, baseline: 60_000, fault: 120_000, recovery: 60_000 })
  assert.deepEqual(
    experiment.measures.map(({ name }) => name),
    ['latency_p50', 'latency_p95', 'latency_p99', 'error_rate', 'throughput', 'recovery_time'],
  )
  assert.deepEqual(measure('{}', 'latency_p99')?.max.recovery?.limit, { kind: 'times', factor: 1.5, floor: 5 })
  assert.deepEqual(measure('{}')?.max.fault?.limit, { kind: 'absolute', value: 0.5 })
  assert.deepEqual(measure('{}')?.max.recovery?.limit, { kind: 'times', factor: 1.5, floor: 0.005 })
  assert.deepEqual(measure('{}', 'throughput')?.min.recovery?.limit, { kind: 'times', factor: 0.9, floor: 0 })
  assert.deepEqual(warnings, [])
})

test('a plain bound means all three phases, a relative one those that have a baseline before them', () => {
  assert.deepEqual(Object.keys(measure('{ max: 1% }')?.max ?? {}), ['baseline', 'fault', 'recovery'])
  assert.deepEqual(Object.keys(measure('{ max: +1pp }')?.max ?? {}), ['fault', 'recovery'])
})

test('a cell left out keeps its default, none switches a cell or a measure off', () => {
  const some = measure('{ max: { baseline: 1%, fault: none } }')?.max
  assert.deepEqual(some?.baseline?.limit, { kind: 'absolute', value: 0.01 })
  assert.deepEqual(some?.fault?.limit, { kind: 'none' })
  assert.equal(some?.recovery?.text, '1.5x (at least +0.5pp)')
  assert.deepEqual(measure('none')?.max, {})
})

test('bounds keep what the author wrote beside what it means', () => {
  const cells = measure('{ max: { fault: +5pp after 3s, abort: 90% for 45s } }')?.max
  assert.deepEqual(cells?.fault, { limit: { kind: 'plus', value: 0.05 }, after: 3000, text: '+5pp after 3s' })
  assert.deepEqual(cells?.abort, { limit: { kind: 'absolute', value: 0.9 }, for: 45_000, text: '90% for 45s' })
  assert.deepEqual(measure('{ min: -5/s }', 'throughput')?.min.fault?.limit, { kind: 'plus', value: -5 })
})

test('a source may count in seconds or percent, and says with p99(…) or its name which quantile of its buckets is meant', () => {
  const { experiment } = valid(
    documentWith({
      rest: `sources:
  prom: { type: endpoint, url: http://a/ }
measures:
  latency_p99: { from: prom, query: x, unit: s, max: 300ms }
  busy: { from: prom, query: cpu, unit: "%", max: 80% }
  slow: { from: prom, query: "p99.9(x_seconds_bucket)", unit: ms }
  checkout_p95: { from: prom }
  error_rate: { unit: "%" }`,
    }),
  )
  const kind = ({ name, unit, factor, quantile }: (typeof experiment.measures)[number]) => [name, unit, factor, quantile]
  assert.deepEqual(experiment.measures.map(kind).slice(0, 5), [
    ['latency_p99', 'ms', 1000, 0.99],
    ['busy', 'share', 0.01, undefined],
    ['slow', 'ms', undefined, 0.999],
    ['checkout_p95', 'count', undefined, 0.95],
    ['error_rate', 'share', undefined, undefined],
  ])
})

test('a measure of a source takes its unit from its bounds', () => {
  const rest =
    'sources: { app: { type: endpoint, url: http://a/, headers: { x: "${secret:KEY}" } } }\nmeasures:\n  primaries: { from: app, max: 1 }\n  lag: { from: app, query: db.lag, max: { fault: 300ms } }'
  const { experiment } = valid(documentWith({ traffic: '', rest }))
  assert.deepEqual(experiment.measures.map(({ name, unit, from, query }) => [name, unit, from, query]).slice(0, 2), [
    ['primaries', 'count', 'app', 'primaries'],
    ['lag', 'ms', 'app', 'db.lag'],
  ])
  assert.deepEqual(experiment.sources[0]?.config, { url: 'http://a/', headers: { x: '${secret:KEY}' }, timeout: 2000 })
})

test('data as a body is sent as JSON, text as it is', () => {
  const requests = valid(
    documentWith({
      traffic:
        'traffic: { rate: 10/m, requests: [{ url: http://a/, method: POST, body: { item: 1 } }, { name: t, url: http://a/, body: "x", weight: 3 }] }',
    }),
  ).experiment.traffic?.requests
  assert.deepEqual(
    requests?.map(({ name, body, headers, weight }) => [name, body, headers, weight]),
    [
      ['request 1', '{"item":1}', { 'content-type': 'application/json' }, 1],
      ['t', 'x', {}, 3],
    ],
  )
})

test('targets: by name, by query, and how many', () => {
  const target = (text: string) =>
    valid(documentWith({ faults: `faults: [{ type: pause, target: ${text} }]` })).experiment.faults[0]?.target
  assert.deepEqual(target('{ process: pay* }'), { place: 'process', query: { name: 'pay*' }, pick: { count: 1 }, narrowing: {} })
  assert.deepEqual(target('{ process: { labels: { app: x }, port: 80 }, pick: 50% }'), {
    place: 'process',
    query: { labels: { app: 'x' }, port: 80 },
    pick: { share: 0.5 },
    narrowing: {},
  })
  assert.deepEqual(target('{ process: x, pick: all }')?.pick, { all: true })
})

test('parameters come converted, with the line of their fault', () => {
  const { faults } = valid(
    documentWith({ faults: 'faults:\n  - type: cpu\n    target: { host: local }\n    load: 95%\n    for: 30s\n    after: 5s' }),
  ).experiment
  assert.deepEqual(faults[0], {
    name: 'cpu',
    type: 'cpu',
    after: 5000,
    for: 30_000,
    line: 6,
    target: { place: 'host', query: { name: 'local' }, pick: { count: 1 }, narrowing: {} },
    spec: { load: 0.95 },
  })
})

test('variables are filled in, from the document or from outside', () => {
  const text = documentWith({
    rest: 'vars: { rate: 50/s, cores: 2, who: payments }',
    traffic: 'traffic: { url: http://localhost/, rate: "${rate}" }',
    faults: 'faults:\n  - { type: cpu, target: { host: local }, load: 95%, name: "${who}-cpu", cores: "${cores}" }',
  })
  assert.equal(valid(text).experiment.traffic?.rate, 50)
  assert.equal(valid(text, { rate: '20/s' }).experiment.traffic?.rate, 20)
  assert.deepEqual(valid(text).experiment.faults[0]?.spec, { load: 0.95, cores: 2 })
  assert.equal(valid(text).experiment.faults[0]?.name, 'payments-cpu')
  const unknown = load(text, { rte: '1/s' })
  assert.ok(!unknown.ok)
  assert.deepEqual(
    unknown.problems.map(({ code, fix }) => [code, fix]),
    [['variable-unknown', 'did you mean “rate”?']],
  )
})

test('the hash changes with the text and with the variables, and with nothing else', () => {
  const text = documentWith({ rest: 'vars: { who: a }', name: 'name: ${who}' })
  const hash = (source: string, vars: Record<string, string> = {}) => {
    const loaded = load(source, vars)
    return loaded.ok ? loaded.hash() : assert.fail(JSON.stringify(loaded.problems))
  }
  assert.equal(hash(text), hash(text))
  assert.match(hash(text), /^[0-9a-f]{64}$/)
  assert.notEqual(hash(text), hash(`${text}# x\n`))
  assert.notEqual(hash(text), hash(text, { who: 'b' }))
})

const warned: [string, string, string][] = [
  ['measures: { error_rate: { max: { fault: 20%, abort: 10% } } }', 'abort-tighter', '5:53'],
  ['measures: { error_rate: { max: { fault: 60% after 60s, abort: 90% for 30s } } }', 'abort-tighter', '5:63'],
  ['measures: { error_rate: { max: { fault: +5pp after 30s } } }', 'after-unreachable', '5:41'],
  ['measures: { latency_p99: { max: { fault: 1s after 3m } } }', 'beyond-phase', '5:42'],
  ['measures: { latency_p99: { max: { abort: 5s for 2m } } }', 'beyond-phase', '5:42'],
  ['measures: { error_rate: { max: { fault: 3x } } }', 'zero-baseline', '5:41'],
  ['vars: { a: 1 }', 'variable-unused', '5:9'],
  ['phases: { baseline: 12s }', 'too-little-data', '5:21'],
]

for (const [rest, code, place] of warned) {
  test(`valid, with the warning ${code}: ${rest}`, () => {
    assert.deepEqual(
      valid(documentWith({ rest })).warnings.map((problem) => [problem.code, `${problem.line}:${problem.column}`, problem.severity]),
      [[code, place, 'warning']],
    )
  })
}

test('a fault shorter than its phase dilutes the errors, and one beyond it is cut', () => {
  const faults = (lasting: string) => `faults:\n  - type: pause\n    target: { process: x }\n    for: ${lasting}`
  const rest = 'measures: { error_rate: { max: { fault: 10% } } }'
  assert.deepEqual(
    valid(documentWith({ rest, faults: faults('60s') })).warnings.map(({ code }) => code),
    ['diluted'],
  )
  assert.deepEqual(
    valid(documentWith({ rest, faults: faults('3m') })).warnings.map(({ code }) => code),
    ['beyond-phase'],
  )
  assert.deepEqual(valid(documentWith({ rest, faults: faults('120s') })).warnings, [])
})
