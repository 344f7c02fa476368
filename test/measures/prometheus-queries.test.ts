import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { increases } from '../../src/measures/prometheus/counters.ts'
import { parseExposition } from '../../src/measures/prometheus/exposition.ts'
import { bucketsOf } from '../../src/measures/prometheus/histogram.ts'
import { readQuery } from '../../src/measures/prometheus/query.ts'
import { matches, parseSelector, selectorsIn } from '../../src/measures/prometheus/selector.ts'

const names = (expression: string): string[] => selectorsIn(expression).map(({ text }) => text)

describe('a query', () => {
  it('is one of the four forms', () => {
    const form = (query: string) => {
      const wanted = readQuery(query)
      if ('problem' in wanted) return wanted.problem.slice(0, 8)
      if (wanted.is === 'quantile') return `quantile of ${'selector' in wanted.of ? 'selector' : 'expression'}`
      return wanted.is
    }
    assert.equal(form('p99(x_bucket{job="a"})'), 'quantile of selector')
    assert.equal(form(' p99.9( sum by (le) (rate(x_bucket[1m])) ) '), 'quantile of expression')
    assert.equal(form('share(x{code=~"5..", path="a,b(c"}, x)'), 'share')
    assert.equal(form('share(x)'), 'share(…)')
    assert.equal(form('share(rate(x[1m]), y)'), 'share(…)')
    assert.equal(form('up{job="a"}'), 'series')
    assert.equal(form('up{job="a"} > 0'), 'expression')
    assert.equal(form('up{job=a}'), 'expression')
    assert.equal(form('p99'), 'series')
  })

  it('knows how far back an expression looks', () => {
    const wanted = readQuery('rate(a{x="[9h]"}[1m30s]) / max_over_time(b[5m:10s])')
    assert.ok(!('problem' in wanted) && wanted.is === 'expression')
    assert.deepEqual([wanted.expression.reach, wanted.expression.ranges], [300_000, [90_000, 300_000]])
  })

  it('names the selectors inside an expression, and neither functions nor labels', () => {
    assert.deepEqual(names('sum by (job, le) (rate(a_total{x="}b"}[1m])) / on (job) group_left (y) c offset 5m > bool 0.5e3'), [
      'a_total{x="}b"}',
      'c',
    ])
    assert.deepEqual(names('count(ALERTS{alertname="DiskFull"}) or 0 * count(up)'), ['ALERTS{alertname="DiskFull"}', 'up'])
    assert.deepEqual(names('histogram_quantile(0.9, sum(rate(x_bucket[1m])) by (le))'), ['x_bucket'])
    assert.deepEqual(names('time() - inf'), [])
  })

  it('matches labels as PromQL does', () => {
    const is = (selector: string, labels: Record<string, string>) => matches(parseSelector(selector)!, 'm', labels)
    assert.ok(is('m{a="x",b!="y"}', { a: 'x' }))
    assert.ok(is('m{a=~"5..|4xx"}', { a: '503' }) && !is('m{a=~"5"}', { a: '503' }))
    assert.ok(is('m{a!~"5.*", b=""}', { a: '200' }) && !is('m{a!~"5.*"}', { a: '500' }))
    assert.ok(is("m{a='it\\'s \\n'}", { a: "it's \n" }) && is('m{a=`\\d`}', { a: '\\d' }))
    assert.ok(!is('n', {}))
  })
})

describe('counters', () => {
  const steps = (target: string, values: (number | null)[]) => ({
    target,
    readings: values.flatMap((value, i) => (value === null ? [] : [{ at: i * 1000 + 300, value }])),
  })
  const sums = (...counters: ReturnType<typeof steps>[]) =>
    increases(counters, 1000, 5300).map(({ by, missing }) => missing ?? [...by.values()].reduce((a, b) => a + b, 0))

  it('count each event once, over several targets whose readings are not at the same time', () => {
    const other = { target: 'b', readings: steps('', [0, 5, 10, 15, 20]).readings.map(({ at, value }) => ({ at: at + 400, value })) }
    assert.deepEqual(sums(steps('a', [100, 110, 120, 130, 140, 150]), other), [15, 15, 15, 15, 10])
  })

  it('are missing where one was reset or not read, also when it comes back', () => {
    assert.deepEqual(sums(steps('a', [100, 110, 5, 15, 25, 35])), [10, 'a counter was reset', 10, 10, 10])
    assert.deepEqual(sums(steps('a', [0, 1, null, null, 4, 5])), [1, 'no reading for 3 s', 'no reading for 3 s', 'no reading for 3 s', 1])
    assert.deepEqual(sums(steps('a', [0, 1, 2])), [1, 1, 'no reading any more', 'no reading any more', 'no reading any more'])
  })

  it('go on without a target that ended for good', () => {
    assert.deepEqual(sums(steps('a', [0, 1, 2, 3, 4, 5]), steps('b', [0, 10, 20])), [11, 11, 1, 1, 1])
  })

  it('that were gone while their target was read begin again at 0', () => {
    assert.deepEqual(sums(steps('a', [0, 0, 0, 0, 0, 0]), steps('a', [90, 95, null, null, 3, 4])), [5, 0, 0, 3, 1])
  })

  it('that begin late were at 0 only when their target was read before', () => {
    assert.deepEqual(sums(steps('a', [0, 0, 0, 0, 0, 0]), steps('a', [null, null, 37, 37, 38, 38])), [0, 37, 0, 1, 0])
    assert.deepEqual(sums(steps('a', [0, 0, 0, 0, 0, 0]), steps('b', [null, null, 37, 37, 38, 38])), [0, 0, 0, 1, 0])
    assert.deepEqual(sums(steps('', [0, 0, 0, 0, 0, 0]), steps('', [null, null, 37, 37, 38, 38])), [0, 0, 0, 1, 0])
  })
})

describe('buckets', () => {
  const part = (le: string, count: number, pod = 'a') => ({ labels: { le, pod }, count })

  it('are added up over histograms with the same edges, however they are written', () => {
    assert.deepEqual(bucketsOf([part('1', 3), part('+Inf', 5), part('1.0', 10, 'b'), part('+Inf', 20, 'b')]), {
      buckets: [
        [1, 13],
        [Number.POSITIVE_INFINITY, 25],
      ],
    })
  })

  it('are missing when a part is, when edges differ, or when nothing was counted', () => {
    const why = (...parts: ReturnType<typeof part>[]) => (bucketsOf(parts) as { missing: string }).missing
    assert.match(why(part('1', 3)), /\+Inf/)
    assert.match(why(part('1', 3), part('+Inf', 5), part('2', 1, 'b'), part('+Inf', 2, 'b')), /edges of several histograms differ/)
    assert.match(why(part('1', 0), part('+Inf', 0)), /no events/)
    assert.match(why(part('wide', 3)), /label le is “wide”/)
    assert.match(why(part('1', Number.NaN), part('+Inf', Number.NaN)), /NaN/)
  })
})

describe('a page of metrics', () => {
  it('is read in both text formats', () => {
    const text = `# HELP a_total Words "and" {braces}
# TYPE a_total counter
a_total{path="C:\\\\dir",says="\\"hi\\"\\n", } 1.5e3 1395066363000
a_total{x="y"} 3 # {trace_id="abc"} 0.5 1520879607.789
up 1
nan NaN
inf{le="+Inf"} +Inf
less -Inf
{"odd.name",label="x"} 4
# UNIT b seconds
# TYPE b gauge
b 7
# EOF
`
    const page = parseExposition(text)
    assert.ok(!('problem' in page))
    assert.deepEqual(
      page.samples.map(({ name, labels, value }) => [name, labels, value]),
      [
        ['a_total', { path: 'C:\\dir', says: '"hi"\n' }, 1500],
        ['a_total', { x: 'y' }, 3],
        ['up', {}, 1],
        ['nan', {}, Number.NaN],
        ['inf', { le: '+Inf' }, Number.POSITIVE_INFINITY],
        ['less', {}, Number.NEGATIVE_INFINITY],
        ['odd.name', { label: 'x' }, 4],
        ['b', {}, 7],
      ],
    )
    assert.deepEqual(
      [...page.types],
      [
        ['a_total', 'counter'],
        ['b', 'gauge'],
      ],
    )
  })

  it('is refused at its first line that is none', () => {
    for (const [text, line] of [
      ['<html>', 1],
      ['a 1\nb', 2],
      ['a{x="1} 2', 1],
      ['a{x=1} 2', 1],
      ['a one', 1],
      ['{"error":"no"}', 1],
    ] as const) {
      const page = parseExposition(text)
      assert.ok('problem' in page && page.problem.startsWith(`line ${line} `), text)
    }
  })
})
