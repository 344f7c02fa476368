/** Who puts a change back when which process is gone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { survivalOf } from '../../src/run/survival.ts'

test('what is in a Toxiproxy server is not healed by a reboot of this machine, unlike what is in a proxy of ours', () => {
  const network = { type: 'network', undoes: 'take it away' }
  assert.equal(survivalOf(network, 'proxy').rebooted, 'at the next squall command')
  assert.equal(survivalOf({ ...network, expires: 'at once' }, 'proxy').rebooted, 'by the reboot')
  assert.equal(survivalOf({ ...network, type: 'pause' }, 'process').rebooted, 'by the reboot')
  assert.equal(survivalOf({ ...network, type: 'disk' }, 'container').rebooted, 'by the reboot')
})
