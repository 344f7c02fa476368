import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { isInstalled } from '../../scripts/lib/components.ts'
import type { StoredRun } from '../../src/records/stored-run.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { serve, type TestServer } from '../helpers/http-server.ts'
import { firstScrapes, type PrometheusServer, startPrometheus } from '../helpers/prometheus-server.ts'
import { openStage, type Stage } from './stage.ts'

/** A service whose answers take 200 ms instead of 50 while the flag is there, and of which one in ten then fails. */
const service = { quick: 0, all: 0, bad: 0 }

const page = (): string => `# TYPE answers_total counter
answers_total{code="200"} ${service.all - service.bad}
${service.bad > 0 ? `answers_total{code="500"} ${service.bad}\n` : ''}# TYPE answer_seconds histogram
answer_seconds_bucket{le="0.1"} ${service.quick}
answer_seconds_bucket{le="0.25"} ${service.all}
answer_seconds_bucket{le="+Inf"} ${service.all}
`

const document = (url: string, exporter: string, flag: string): string => `name: answers-slow
hypothesis: While the flag is there, answers take longer and some fail; afterwards all is as before.
environment: test
sources:
  prom: { type: prometheus, url: "${url}" }
  direct: { type: prometheus, scrape: "${exporter}/metrics" }
measures:
  answer_p99: { from: prom, query: p99(answer_seconds_bucket), max: { baseline: 100ms, fault: 100ms, recovery: 1.2x } }
  failed: { from: prom, query: 'share(answers_total{code="500"}, answers_total)', max: { fault: 5%, recovery: +1pp } }
  failed_now: { from: direct, query: 'share(answers_total{code="500"}, answers_total)', unit: share }
phases: { warmup: 2s, baseline: 16s, fault: 10s, recovery: 16s }
faults:
  - type: command
    inject: [touch, "${flag}"]
    rollback: [rm, -f, "${flag}"]
    check: [test, -e, "${flag}"]
`

describe('a whole run that is measured by Prometheus', { skip: isInstalled('prometheus') ? false : 'prometheus is not installed' }, () => {
  let exporter: TestServer
  let server: PrometheusServer
  let stage: Stage
  let load: NodeJS.Timeout

  before(async () => {
    stage = await openStage()
    exporter = await serve((_, response) => void response.end(page()))
    load = setInterval(() => {
      service.all += 10
      if (existsSync(stage.path('flag'))) service.bad += 1
      else service.quick += 10
    }, 100)
    server = await startPrometheus({ service: `127.0.0.1:${exporter.port}` })
    await firstScrapes(server.url, 'answers_total')
  })
  after(async () => {
    clearInterval(load)
    await stage?.close()
    await server?.stop()
    await exporter?.close()
  })

  it('finds what the fault did, in readings that are complete, and says the same when judged again', async () => {
    const path = stage.write('answers.yaml', document(server.url, exporter.url, stage.path('flag')))
    const { code, stdout, stderr } = await stage.run(path).ended
    assert.equal(code, 1, stdout + stderr)
    const run = JSON.parse((await stage.command('export', 'last')).stdout) as StoredRun<Verdict>
    const cell = (measure: string, phase: string) => run.verdict?.cells.find((one) => one.measure === measure && one.phase === phase)
    assert.equal(cell('answer_p99', 'baseline')?.decision, 'held')
    assert.equal(cell('answer_p99', 'fault')?.decision, 'breached')
    assert.equal(cell('failed', 'fault')?.decision, 'breached')
    const failed = cell('failed', 'fault')
    assert.ok(Math.abs((failed?.estimate ?? 0) - 0.1) < 0.02, failed?.sentence)
    assert.equal(cell('failed', 'recovery')?.decision, 'held', cell('failed', 'recovery')?.sentence)
    const recovery = cell('answer_p99', 'recovery')
    assert.equal(recovery?.decision, "can't tell", 'a bucket from 0 to 100 ms proves no 1.2x')
    for (const measure of ['answer_p99', 'failed', 'failed_now']) {
      const phases = run.phases.filter(({ phase }) => phase === 'baseline' || phase === 'recovery')
      for (const { phase, from, to } of phases) {
        const inside = (run.samples[measure] ?? []).filter(({ at, over = 0 }) => at - over >= from && at <= to)
        assert.ok(
          inside.length >= 14 && inside.every((sample) => !('missing' in sample)),
          `${measure} in ${phase}: ${JSON.stringify(inside)}`,
        )
      }
    }
    const again = JSON.parse((await stage.command('judge', 'last', '--json')).stdout) as { verdict?: Verdict }
    assert.deepEqual(again.verdict?.cells, run.verdict?.cells)
  })

  it('is refused before anything is started when the source cannot give what is wanted', async () => {
    const path = stage.write(
      'wrong.yaml',
      document(server.url, exporter.url, stage.path('flag'))
        .replace('p99(answer_seconds_bucket)', 'answers_total')
        .replace('share(answers_total{', 'share(answer_total{'),
    )
    const { code, stderr } = await stage.run(path).ended
    assert.equal(code, 2, stderr)
    assert.match(stderr, /answer_p99: answers_total gives 2 series, exactly one is needed/)
  })
})
