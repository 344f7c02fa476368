/** Puts cases to a server and compares each answer with what stands in the case. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { freePort } from '../../helpers/free-port.ts'
import { type Called, call } from './call.ts'
import type { Answer, Case, Step } from './case.ts'
import type { Subject } from './subject.ts'

/** Each case begins on a server without proxies. */
export function runCases(subject: Subject, title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const one of cases) {
      test(one.title, async () => {
        await removeProxies(subject.port)
        const ports = await freePorts('ABCDEF')
        for (const step of one.steps) await runStep(subject, step, ports)
      })
    }
  })
}

export async function removeProxies(port: number): Promise<void> {
  const { body } = await call(port, 'GET /proxies')
  for (const name of Object.keys(JSON.parse(body) as object)) await call(port, `DELETE /proxies/${encodeURIComponent(name)}`)
}

async function freePorts(letters: string): Promise<Map<string, number>> {
  const ports = new Map<string, number>()
  while (ports.size < letters.length) {
    const port = await freePort()
    if (![...ports.values()].includes(port)) ports.set(letters[ports.size] as string, port)
  }
  return ports
}

async function runStep(subject: Subject, step: Step, ports: Map<string, number>): Promise<void> {
  const fill = (text: string): string => text.replaceAll(/<([A-F])>/g, (_, letter: string) => String(ports.get(letter)))
  const body = step.send === undefined ? undefined : fill(typeof step.send === 'string' ? step.send : JSON.stringify(step.send))
  const got = await call(subject.port, fill(step.ask), {
    ...(body !== undefined && { body }),
    ...(step.headers && { headers: step.headers }),
  })
  const wanted = subject.is === 'squall' && step.ours ? step.ours.gets : step.gets
  if (wanted) compare(`${step.ask} ${body ?? ''}`, got, wanted, fill)
}

/** What stands around every answer, and does not matter to clients. */
const anyway = new Set(['date', 'connection', 'keep-alive', 'content-length', 'x-toxiproxy-request-id', 'content-type'])

function compare(what: string, got: Called, wanted: Answer, fill: (text: string) => string): void {
  const shown = `${what}\n→ ${JSON.stringify(got)}`
  assert.equal(got.status, wanted.status, shown)
  assert.equal(got.headers['content-type'] ?? null, wanted.type, `content type of ${shown}`)
  const further = Object.fromEntries(Object.entries(got.headers).filter(([name]) => !anyway.has(name)))
  assert.deepEqual(further, wanted.headers ?? {}, `headers of ${shown}`)
  if (wanted.hasId) assert.match(got.headers['x-toxiproxy-request-id'] ?? '', /^[0-9a-v]{20}$/, `id of ${shown}`)
  else assert.equal(got.headers['x-toxiproxy-request-id'], undefined, `id of ${shown}`)
  const expected = fill(wanted.body)
  if (!/<(?:\*|\.\.\.)>/.test(expected)) assert.equal(got.body, expected, shown)
  else assert.match(got.body, pattern(expected), shown)
  if (got.headers['content-length'] !== undefined && !what.startsWith('HEAD'))
    assert.equal(Number(got.headers['content-length']), Buffer.byteLength(got.body), `length of ${shown}`)
}

function pattern(text: string): RegExp {
  const literal = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll('<\\*>', '\\d+').replaceAll('<\\.\\.\\.>', '.*')}$`)
}
