/** A container that ends while the engine tells what has happened to it. The engine is a stand-in: in a real one this takes the right moment. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAgain } from '../../../src/faults/container/start-again.ts'

test('what ended between the look and the answer about its past is started again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'squall-engine-'))
  const now = Date.now()
  const startedAt = new Date(now - 60_000).toISOString()
  let [running, started, asked] = [true, startedAt, false]
  const event = (Action: string, at: number): string => `${JSON.stringify({ Action, timeNano: at * 1e6 })}\n`
  const answers: Record<string, () => string> = {
    '/version': () => JSON.stringify({ ApiVersion: '1.41', MinAPIVersion: '1.12' }),
    '/json': () => JSON.stringify({ State: { Running: running, Restarting: false, StartedAt: started } }),
    '/events': () => {
      if (!asked) running = false
      asked = true
      return event('kill', now - 700) + event('die', now)
    },
    '/start': () => {
      running = true
      started = new Date().toISOString()
      return ''
    },
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://engine').pathname
    const [, answer] = Object.entries(answers).find(([end]) => path.endsWith(end)) ?? []
    response.end(answer?.())
  })
  const socket = join(folder, 's')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  try {
    const state = { id: 'one', name: 'one', engine: { url: `unix://${socket}` }, startedAt, plannedAt: now - 5_000, grace: 2_000 }
    await startAgain({ ...state, askedAt: now - 800, answered: false }, { mark: 'start-again/1', log: () => {} })
    assert.deepEqual([running, started === startedAt], [true, false])
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
