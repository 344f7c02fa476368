/** `squall proxy --state FILE`: what was answered is there again, however the server ended. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { everything } from '../../helpers/length.ts'
import { call } from './call.ts'
import { startSubject } from './subject.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-proxy-state-'))
after(() => rmSync(folder, { recursive: true }))

describe('proxies in a state file', () => {
  test('are there after SIGTERM as they were, toxics and ports included', async () => {
    const flags = ['--state', join(folder, 'term.json')]
    const first = await startSubject('squall', flags)
    const ask = (path: string, body: unknown): Promise<unknown> => call(first.port, `POST ${path}`, { body: JSON.stringify(body) })
    await ask('/proxies', { name: 'a', listen: '127.0.0.1:0', upstream: 'up:1' })
    await ask('/proxies', { name: 'b', listen: 'localhost:0', upstream: 'up:1', enabled: false })
    await ask('/proxies/a/toxics', { type: 'latency', stream: 'upstream', toxicity: 0.3, attributes: { latency: 5 } })
    const { body } = await call(first.port, 'GET /proxies')
    assert.equal(await first.end('SIGTERM'), 0)
    const second = await startSubject('squall', flags)
    assert.equal((await call(second.port, 'GET /proxies')).body, body)
    await second.end()
  })

  test('are there after SIGKILL, each that had been answered', async () => {
    const flags = ['--state', join(folder, 'kill.json')]
    const answered: string[] = []
    for (let kill = 0; kill < (everything ? 8 : 2); kill++) {
      const server = await startSubject('squall', flags)
      const create = async (name: string): Promise<void> => {
        const body = JSON.stringify({ name, listen: '127.0.0.1:0', upstream: 'up:1', enabled: false })
        const { status } = await call(server.port, 'POST /proxies', { body }).catch(() => ({ status: 0 }))
        if (status === 201) answered.push(name)
        if (answered.length === 12 * (kill + 1)) await server.end()
      }
      await Promise.all(Array.from({ length: 30 }, (_, at) => create(`p${kill}-${at}`)))
      await server.end()
    }
    const last = await startSubject('squall', flags)
    const there = Object.keys(JSON.parse((await call(last.port, 'GET /proxies')).body) as object)
    await last.end()
    assert.ok(answered.length >= 24, `${answered.length} were answered`)
    assert.deepEqual(
      answered.filter((name) => !there.includes(name)),
      [],
    )
  })
})
