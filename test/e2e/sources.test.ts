/** A whole run, from the bundle, that is measured by real servers, a program and a module that keeps dying, while the primary is killed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInstalled } from '../../scripts/lib/components.ts'
import type { Sample } from '../../src/records/run-data.ts'
import { password, startPostgres } from '../helpers/postgres.ts'
import { createRedis } from '../helpers/redis.ts'
import { until, withStage } from './stage.ts'

const missing = ['postgres', 'redis-server'].find((program) => !isInstalled(program))

test(
  'the standby takes over: none for a while, then one again; what a source cannot tell is missing and the run goes on',
  { skip: missing ? `${missing} is not installed` : false },
  withStage(async (stage, t) => {
    const database = await startPostgres()
    t.after(() => database.end())
    const cache = await createRedis('c-secret')
    t.after(() => cache.end())
    await cache.start()
    Object.assign(stage.env, { PG_PASSWORD: password, REDIS_PASSWORD: 'c-secret', QUEUE: '7' })
    stage.write('queue.sh', '#!/bin/sh\necho "$QUEUE"\n')
    stage.write(
      'dying.ts',
      `let asked = 0
export default { now: async () => { if (++asked === 3) process.exit(0); return { value: asked } } }`,
    )
    const document = stage.write(
      'sources.yaml',
      `name: evil
hypothesis: The standby takes over within 8 s.
environment: test
sources:
  db: { type: postgres, hosts: ["${database.primary.name}", "${database.standby.name}"], user: squall, password: "\${secret:PG_PASSWORD}" }
  cache: { type: redis, hosts: ["${cache.name}"], password: "\${secret:REDIS_PASSWORD}" }
  queue: { type: command, run: [./queue.sh], env: [QUEUE] }
  own: { type: ./dying.ts }
measures:
  primaries: { from: db, max: 1, min: { baseline: 1, fault: 1 after 8s, recovery: 1 } }
  lag: { from: db, unit: bytes }
  memory: { from: cache, max: 1GB }
  waiting: { from: queue, max: 10, min: 5 }
  dying: { from: own }
phases: { warmup: 0s, baseline: 4s, fault: 12s, recovery: 4s }
faults:
  - type: kill
    target: { process: { port: ${database.primary.port} } }
`,
    )
    const run = stage.run(document)
    await until('the primary to be killed', () => database.primary.ended(), 30_000)
    await new Promise((resolve) => setTimeout(resolve, 2_500)) // Some readings without a primary.
    await database.standby.promote()
    const { code, stdout } = await run.ended
    assert.equal(code, 0, stdout)
    const { stdout: exported } = await stage.command('export', 'last')
    const { samples } = JSON.parse(exported) as { samples: Record<string, Sample[]> }
    const values = (name: string): unknown[] => (samples[name] ?? []).map((sample) => ('value' in sample ? sample.value : 'missing'))
    const primaries = values('primaries').join(' ')
    assert.match(primaries, /^(1 )+(0 )+(1 )*1$/)
    assert.match(values('lag').join(' '), /^(\d+ )+(missing ?)+$/)
    assert.ok(values('memory').every(Number.isFinite) && values('waiting').every((value) => value === 7))
    assert.match(values('dying').join(' '), /^(?:1 )?2 missing 1 2 missing 1/)
    assert.match(stdout + (await stage.command('show', 'last')).stdout, /was standby, is primary/)
    assert.doesNotMatch(exported + stdout, new RegExp(`${password}|c-secret`))
  }),
)
