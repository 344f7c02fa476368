/** Whole runs whose fault acts on packets of loopback: one port of this test's own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { everything } from '../helpers/length.ts'
import { cannotCable } from '../helpers/netns.ts'
import { openStage, type Stage } from './stage.ts'

const why = cannotCable()
const skip = why !== false && !everything ? why : false
let stage: Stage
const server = createServer((socket) => socket.on('error', () => {}).end('ok'))
before(async () => {
  stage = await openStage()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.close()
  await stage.close()
})

describe('packets of one port of loopback', { skip }, () => {
  test('plan lists each command with its inverse, for the documents people write', { timeout: 30_000 }, async () => {
    const document = stage.document(`  - type: network
    target: { host: local, to: 10.0.0.5:5432 }
    loss: 10%
`)
    const { code, stdout } = await stage.command('plan', document)
    assert.equal(code, 0, stage.said())
    assert.match(stdout, /lose 10% of the packets: what goes to 10\.0\.0\.5:5432/)
    assert.match(stdout, /nft delete table netdev squall_/)
    assert.match(stdout, /gso_max_segs 1$/m)
  })

  test('are cut off in a real run, and let through again', {
    skip: everything ? false : 'long: SQUALL_TEST_ALL=1',
    timeout: 60_000,
  }, async () => {
    const { port } = server.address() as AddressInfo
    const document = stage.document(
      `  - type: partition
    target: { host: local, to: 127.0.0.1:${port} }
  - type: network
    name: some-lost
    target: { host: local, to: 127.0.0.1:${port} }
    loss: 10%
`,
      { fault: '3s' },
    )
    const { code, stdout } = await stage.run(document).ended
    assert.equal(code, 0, stage.said())
    assert.match(stdout, /partition at this host: rolled back, verified by looking twice/)
    assert.match(stdout, /some-lost at this host: rolled back, verified by looking twice/)
    assert.ok(!spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout.includes('squall_'))
  })
})
