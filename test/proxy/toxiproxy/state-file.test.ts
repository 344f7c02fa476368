import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type KeptProxy, readKept, writeKept } from '../../../src/proxy/toxiproxy/kept-proxies.ts'
import type { Log } from '../../../src/proxy/toxiproxy/log.ts'
import { openStateFile } from '../../../src/proxy/toxiproxy/state-file.ts'
import { seededRandom } from '../../../src/system/random.ts'
import { everything } from '../../helpers/length.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-state-'))
after(() => rmSync(folder, { recursive: true }))
const quiet: Log = () => {}

const kept: KeptProxy[] = [
  {
    spec: { name: 'a "b"\n', listen: '127.0.0.1:1', upstream: 'up:1', enabled: true },
    toxics: [
      {
        name: 'l',
        type: 'latency',
        stream: 'UPSTREAM',
        direction: 'up',
        toxicity: Math.fround(0.3),
        attributes: { latency: 9_223_372_036_854_775_807n, jitter: -5n },
      },
      { name: 'n', type: 'noop', stream: 'downstream', direction: 'down', toxicity: 1, attributes: {} },
    ],
  },
  { spec: { name: 'é', listen: 'junk', upstream: 'x', enabled: false }, toxics: [] },
]

suite('the state file', () => {
  test('everything in it is read as it was written', () => assert.deepEqual(readKept(Buffer.from(writeKept(kept))), kept))

  test('a file that is something else is refused, and left as it is', () => {
    for (const text of [
      '',
      '[]',
      '{"schema":"other","proxies":[]}',
      writeKept(kept).slice(0, -20),
      writeKept(kept).replace('"latency","stream"', '"nope","stream"'),
    ]) {
      const path = join(folder, 'other.json')
      writeFileSync(path, text)
      assert.throws(() => openStateFile(path, () => [], quiet), { code: 'proxy-state' })
      assert.equal(readFileSync(path, 'utf8'), text)
    }
  })

  test('only its owner may read it, and nothing else stays in the folder', async () => {
    const own = mkdtempSync(join(folder, 'own-'))
    const file = openStateFile(join(own, 'state.json'), () => kept, quiet)
    assert.deepEqual(file.found, [])
    await Promise.all([file.save(), file.save(), file.save()])
    await file.close()
    assert.deepEqual(readdirSync(own), ['state.json'])
    assert.equal(statSync(join(own, 'state.json')).mode & 0o777, 0o600)
    assert.deepEqual(openStateFile(join(own, 'state.json'), () => [], quiet).found, kept)
  })

  test('when it cannot be written, the log says so and the call goes on', async () => {
    const own = mkdtempSync(join(folder, 'gone-'))
    const said: string[] = []
    const file = openStateFile(
      join(own, 'state.json'),
      () => kept,
      (level, message) => void said.push(`${level}: ${message}`),
    )
    rmSync(own, { recursive: true })
    assert.throws(() => openStateFile(join(own, 'state.json'), () => kept, quiet), { code: 'file-not-written' })
    await file.save()
    assert.match(said.join(), /^error: The state was not written/)
  })

  test('whenever the server is killed, there is a whole state', async () => {
    const path = join(folder, 'killed.json')
    const writer = fileURLToPath(new URL('./state-writer.ts', import.meta.url))
    const random = seededRandom(5)
    for (let kill = 0; kill < (everything ? 40 : 5); kill++) {
      const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, random() * 20))
      child.kill('SIGKILL')
      await once(child, 'exit')
      assert.ok(existsSync(path))
      assert.ok(openStateFile(path, () => [], quiet).found.length > 0, `after kill ${kill}`)
    }
  })
})
