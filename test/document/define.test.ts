import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { documentCatalogue } from '../../src/catalogue.ts'
import { type ExperimentInput, experiment, type FaultInput, type FaultParameters, type MeasuresInput } from '../../src/document/define.ts'
import type { SourceParameters } from '../../src/document/define-sources.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { schemaFields } from '../../src/document/schema-fields.ts'

const head = { name: 'typed', hypothesis: 'What compiles is valid.', environment: 'test' } as const
const traffic = { url: 'http://localhost:8080/', rate: '50/s' } as const
const fault = { type: 'pause', target: { process: 'payments' } } as const

/** Documents that compile; that they are valid too is tested. */
const documents: Record<string, ExperimentInput> = {
  'the least': experiment({ ...head, traffic, faults: [fault] }),
  'every part': experiment({
    ...head,
    environment: 'production',
    service: 'shop',
    owner: 'team',
    tags: ['nightly'],
    vars: { rate: '50/s', cores: 1 },
    traffic: {
      rate: '${rate}',
      timeout: '2s',
      ok: { status: ['2xx', 429], body: 'ok' },
      ids: 'id',
      requests: [
        { url: 'http://localhost/', weight: 3 },
        { url: 'http://localhost/', method: 'POST', headers: { authorization: 'Bearer ${secret:TOKEN}' }, body: { item: 1 } },
      ],
    },
    proxies: {
      payments: { listen: '127.0.0.1:9001', upstream: 'http://127.0.0.1:8081' },
      redis: { listen: '127.0.0.1:6380', upstream: 'cache1:6379' },
    },
    sources: {
      app: { type: 'endpoint', url: 'http://localhost:8080/metrics' },
      db: {
        type: 'postgres',
        hosts: ['db1:5432', 'db2:5432'],
        user: 'squall',
        password: '${secret:PG}',
        ssl: 'verify-full',
        timeout: '500ms',
      },
      cache: { type: 'redis', hosts: ['cache1'], tls: true },
      queue: { type: 'command', run: ['./queue.sh', 'orders'], secrets: ['TOKEN'] },
    },
    measures: {
      latency_p99: { max: { baseline: '300ms', fault: '2x after 5s', recovery: '+20ms', abort: '5s for 10s' } },
      latency_p50: 'none',
      error_rate: { max: { baseline: '1%', fault: '+5pp after 5s', abort: '90% for 45s' } },
      throughput: { min: { fault: '-20/s', recovery: '0.9x' } },
      recovery_time: { max: '30s' },
      payment_calls: { from: 'proxy:payments', query: 'throughput', max: { fault: '1/s after 10s' } },
      queue: { from: 'app', query: 'queue.length', unit: 'count', max: 500 },
      busy: { from: 'app', unit: '%', max: '80%' },
    },
    phases: { warmup: '5s', baseline: '60s', fault: '120s', recovery: '1m' },
    faults: [
      {
        type: 'pause',
        name: 'freeze',
        target: { process: { labels: { app: 'shop' }, port: 80 }, pick: '50%' },
        after: '5s',
        for: '10s',
        every: '30s',
      },
      { type: 'cpu', target: { host: 'local' }, load: '10%..80%', ramp: '60s', cores: '${cores}' },
      {
        ...{
          type: 'network',
          target: { proxy: 'redis' },
          delay: '10ms..500ms',
          jitter: '5ms',
          distribution: 'normal',
          bandwidth: '128kbit',
        },
        ...{ cut: '64KiB', cut_by: 'close', slice: '100B', slice_pause: '10ms', direction: 'both', share: '50%' },
      },
      { type: 'partition', target: { proxy: 'payments' }, how: 'refuse' },
      {
        ...{ type: 'http', name: 'overload', status: 503, retry_after: '30s', body: { error: 'busy' }, share: '5%..50%', cap: '10/s' },
        target: {
          proxy: 'payments',
          match: { method: ['POST'], path: '/v1/*', json: { 'order.type': 'express' }, except: { path: '/health' } },
        },
      },
      { type: 'http', name: 'lost', target: { proxy: 'payments' }, rewrite: { remove: ['authorization'] }, lose: 502, nth: 3 },
      {
        type: 'http',
        name: 'changed',
        target: { proxy: 'payments', match: { status: '2xx' } },
        change: { headers: { age: 9 } },
        delay: '1s',
      },
      { type: 'kill', target: { process: 'orders', pick: 'all' }, signal: 'TERM', grace: '5s', restart: ['./start.sh'] },
      { type: 'command', inject: ['./a.sh'], rollback: ['./b.sh'], check: ['./c.sh'], expires: 'after 3 minutes' },
    ],
  }),
}

/** Of each alternative of a union, not only what all have. */
type KeyOfAny<T> = T extends unknown ? keyof T : never

suite('documents in TypeScript', () => {
  for (const [what, document] of Object.entries(documents)) {
    test(`${what}: what compiles is valid`, () => {
      const loaded = loadDocumentText(JSON.stringify(document), 'typed.json', { catalogue: documentCatalogue })
      assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems, null, 2))
    })
  }

  test('each built-in fault has its type, with all of its parameters', () => {
    // Compiles only with every type, and with parameters that the type has.
    const typed: { [Type in keyof FaultParameters]: readonly Exclude<KeyOfAny<FaultParameters[Type]>, 'target' | 'ramp'>[] } = {
      pause: [],
      kill: ['signal', 'grace', 'restart', 'env', 'rejoin'],
      network: [
        ...(['delay', 'jitter', 'distribution', 'bandwidth', 'cut', 'cut_by', 'slice', 'slice_pause'] as const),
        ...(['preset', 'direction', 'share', 'correlation', 'loss', 'duplicate', 'corrupt', 'reorder'] as const),
      ],
      partition: ['how', 'direction'],
      http: [
        ...(['delay', 'jitter', 'distribution', 'at', 'status', 'headers', 'body', 'retry_after', 'how', 'lose'] as const),
        ...(['change', 'damage', 'keep', 'bandwidth', 'rewrite', 'quota'] as const),
        ...(['share', 'nth', 'skip', 'first', 'most', 'cap'] as const),
      ],
      cpu: ['load', 'cores'],
      disk: ['path', 'leave', 'fill'],
      memory: ['size'],
      io: ['path', 'workers', 'size'],
      descriptors: ['leave'],
      dns: ['names', 'answer', 'fail', 'delay', 'servers'],
      load: ['rate', 'method', 'headers', 'body', 'timeout', 'most'],
      stop: ['grace', 'mode', 'rejoin', 'restart'],
      connections: ['how', 'user', 'database', 'interval', 'leave'],
      lock: ['table', 'mode'],
      readonly: [],
      slow: ['delay', 'gap'],
      restart: ['grace'],
      disconnect: ['network'],
      limits: ['cpus', 'memory', 'pids'],
      command: ['inject', 'rollback', 'check', 'cwd', 'env', 'secrets', 'timeout', 'expires'],
    }
    const known = Object.entries(Object.groupBy(documentCatalogue.faults, ({ type }) => type)).map(([type, entries = []]) => {
      const names = entries.flatMap(({ spec }) => schemaFields(spec).fields.map(({ name }) => name))
      return [type, [...new Set(names)].sort()]
    })
    const sorted = Object.entries(typed).map(([type, names]) => [type, [...names].sort()])
    assert.deepEqual(Object.fromEntries(sorted), Object.fromEntries(known))
  })

  test('each source has its type, with all of its settings', () => {
    const typed: { [Type in keyof SourceParameters]: readonly (keyof SourceParameters[Type])[] } = {
      endpoint: ['url', 'headers', 'timeout'],
      prometheus: ['url', 'scrape', 'user', 'password', 'token', 'headers', 'timeout'],
      datadog: ['site', 'url', 'api_key', 'app_key', 'timeout'],
      oneuptime: ['url', 'api_key', 'timeout'],
      postgres: ['hosts', 'user', 'password', 'database', 'ssl', 'ca', 'timeout'],
      redis: ['hosts', 'user', 'password', 'tls', 'ca', 'timeout'],
      command: ['run', 'cwd', 'env', 'secrets', 'timeout'],
    }
    const known = documentCatalogue.sources.map(({ type, config }) => [type, schemaFields(config).fields.map(({ name }) => name)])
    assert.deepEqual(typed, Object.fromEntries(known))
  })
})

/** None of these lines may compile: `npm run check` says when one does. */
export const refused = (): unknown[] => {
  const faults = (...list: FaultInput[]): FaultInput[] => list
  const measures = (table: MeasuresInput): MeasuresInput => table
  return [
    // @ts-expect-error a rate without its unit
    experiment({ ...head, faults: [fault], traffic: { url: 'http://localhost/', rate: '50' } }),
    // @ts-expect-error a rate as a number
    experiment({ ...head, faults: [fault], traffic: { url: 'http://localhost/', rate: 50 } }),
    // @ts-expect-error a rate with a unit of time
    experiment({ ...head, faults: [fault], traffic: { url: 'http://localhost/', rate: '50s' } }),
    // @ts-expect-error url and requests at once
    experiment({ ...head, faults: [fault], traffic: { ...traffic, requests: [{ url: 'http://localhost/' }] } }),
    // @ts-expect-error neither url nor requests
    experiment({ ...head, faults: [fault], traffic: { rate: '50/s' } }),
    // @ts-expect-error a misspelt key
    experiment({ ...head, faults: [fault], traffic: { ...traffic, timeuot: '2s' } }),
    // @ts-expect-error an environment that does not exist
    experiment({ ...head, environment: 'prod', traffic, faults: [fault] }),
    // @ts-expect-error no hypothesis
    experiment({ name: 'a', environment: 'test', traffic, faults: [fault] }),
    // @ts-expect-error a phase as a number
    experiment({ ...head, traffic, faults: [fault], phases: { fault: 120 } }),
    // @ts-expect-error a sum of durations
    experiment({ ...head, traffic, faults: [fault], phases: { fault: '1m30s' } }),
    // @ts-expect-error a source without its hosts
    experiment({ ...head, traffic, faults: [fault], sources: { db: { type: 'postgres', user: 'squall' } } }),
    // @ts-expect-error a source that takes its time as a number
    experiment({ ...head, traffic, faults: [fault], sources: { app: { type: 'endpoint', url: 'http://localhost/', timeout: 2 } } }),
    // @ts-expect-error a shell line for a program
    experiment({ ...head, traffic, faults: [fault], sources: { q: { type: 'command', run: './queue.sh orders' } } }),
    // @ts-expect-error a proxy that listens nowhere
    experiment({ ...head, traffic, faults: [fault], proxies: { a: { listen: 'localhost', upstream: 'db:5432' } } }),
    // @ts-expect-error a duration as a number
    faults({ ...fault, for: 500 }),
    // @ts-expect-error a duration without its unit
    faults({ ...fault, for: '500' }),
    // @ts-expect-error a share as a number
    faults({ type: 'cpu', target: { host: 'local' }, load: 95 }),
    // @ts-expect-error a share as a fraction
    faults({ type: 'cpu', target: { host: 'local' }, load: '0.95' }),
    // @ts-expect-error a bandwidth as a size
    faults({ type: 'network', target: { proxy: 'a' }, bandwidth: '128kB' }),
    // @ts-expect-error a size that moves: it is no dial
    faults({ type: 'network', target: { proxy: 'a' }, cut: '1kB..2kB' }),
    // @ts-expect-error packets are not lost in a stream
    faults({ type: 'network', target: { proxy: 'a' }, loss: '1%' }),
    // @ts-expect-error a kind of partition that there is not
    faults({ type: 'partition', target: { proxy: 'a' }, how: 'cut' }),
    // @ts-expect-error a range of two units
    faults({ type: 'cpu', target: { host: 'local' }, load: '10%..95s' }),
    // @ts-expect-error a place where the fault cannot act
    faults({ type: 'pause', target: { host: 'local' } }),
    // @ts-expect-error two places
    faults({ type: 'pause', target: { process: 'a', host: 'local' } }),
    // @ts-expect-error no place
    faults({ type: 'pause', target: { pick: 2 } }),
    // @ts-expect-error no target
    faults({ type: 'pause' }),
    // @ts-expect-error a parameter of another fault
    faults({ ...fault, load: '50%' }),
    // @ts-expect-error a fault that does not exist
    faults({ type: 'puase', target: { process: 'a' } }),
    // @ts-expect-error a shell line instead of a program with its arguments
    faults({ type: 'command', inject: './a.sh on', rollback: ['./b.sh'], check: ['./c.sh'] }),
    // @ts-expect-error no way back
    faults({ type: 'command', inject: ['./a.sh'], check: ['./c.sh'] }),
    // @ts-expect-error a signal that does not exist
    faults({ type: 'kill', target: { process: 'a' }, signal: 'SIGTERM' }),
    // @ts-expect-error a latency without its unit
    measures({ latency_p99: { max: 300 } }),
    // @ts-expect-error a latency in percent
    measures({ latency_p99: { max: '5%' } }),
    // @ts-expect-error a latency plus points
    measures({ latency_p99: { max: '+5pp' } }),
    // @ts-expect-error a share as a number
    measures({ error_rate: { max: { fault: 0.05 } } }),
    // @ts-expect-error a rate per what?
    measures({ throughput: { min: '45' } }),
    // @ts-expect-error recovery_time has no phases
    measures({ recovery_time: { max: { fault: '30s' } } }),
    // @ts-expect-error “for” belongs to abort
    measures({ error_rate: { max: { fault: '5% for 30s' } } }),
    // @ts-expect-error an abort takes “for”
    measures({ error_rate: { max: { abort: '50% after 30s' } } }),
    // @ts-expect-error a cell that does not exist
    measures({ error_rate: { max: { during: '5%' } } }),
  ]
}
