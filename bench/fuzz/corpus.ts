/** What is mutated: documents in order, as YAML and as JSON, examples of faults to come, and documents that are wrong already. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { wrongDocuments } from '../../test/document/wrong-documents.ts'

const root = join(import.meta.dirname, '..', '..')

export interface Corpus {
  valid: string[]
  /** Examples whose faults this version lacks. */
  ahead: string[]
  wrong: string[]
}

export function corpus(): Corpus {
  const examples = join(root, 'test', 'document', 'examples')
  const yaml = [
    ...readdirSync(examples).map((name) => readFileSync(join(examples, name), 'utf8')),
    ...[...readFileSync(join(root, 'docs', 'reference', 'experiment.md'), 'utf8').matchAll(/```yaml\n([^`]*)```/g)].map(
      ([, text = '']) => text,
    ),
    everything,
  ]
  const all = [...yaml, ...yaml.map((text) => JSON.stringify(parse(text), null, 1))]
  const isValid = (text: string): boolean => loadDocumentText(text, 'experiment.yaml', { catalogue: documentCatalogue }).ok
  const valid = all.filter(isValid)
  if (!valid.includes(everything)) throw new Error('the document with every key is not valid')
  return { valid, ahead: all.filter((text) => !valid.includes(text)), wrong: wrongDocuments.map(([text]) => text) }
}

/** Every key once. */
const everything = `# yaml-language-server: $schema=schema/experiment.json
name: everything-once
hypothesis: >
  Each key stands here once,
  and the reader takes them all.
service: shop
owner: team-shop
environment: production
tags: [nightly, "on", shop]
vars: { rate: 50/s, busy: 80%, who: payments }
traffic:
  rate: "\${rate}"
  timeout: 2s
  ok: { status: [2xx, 429], body: '"ok":(true|1)' }
  ids: order.id
  requests:
    - { name: look, url: http://localhost:8080/products?page=1, weight: 3 }
    - name: buy
      url: http://localhost:8080/orders
      method: POST
      headers: { authorization: "Bearer \${secret:TOKEN}" }
      body: { item: 1, note: [a, b] }
sources:
  app: { type: endpoint, url: http://localhost:8080/metrics, headers: { x: "1" }, timeout: 500ms }
measures:
  latency_p99: { max: { baseline: 300ms, fault: 2x after 5s, recovery: 1.5x, abort: 5s for 10s } }
  error_rate: { max: { baseline: 1%, fault: +5pp, abort: 90% for 45s } }
  throughput: { min: { fault: -20/s, recovery: 0.9x } }
  latency_p50: none
  queue: { from: app, query: queue.length, unit: count, max: 500 }
  recovery_time: { max: 30s }
phases: { warmup: 5s, baseline: 60s, fault: 120s, recovery: 60s }
faults:
  - type: pause
    name: freeze
    target: { process: { name: "\${who}*", labels: { app: shop }, command: "*", port: 8081 }, pick: 50% }
    after: 5s
    for: 10s
    every: 30s
  - type: cpu
    target: { host: local }
    load: 10%..80%
    ramp: 60s
    cores: 1
  - type: command
    name: tool
    inject: [./tool.sh, "on"]
    rollback: [./tool.sh, "off"]
    check: [./tool.sh, check]
    expires: after 3 minutes
`
