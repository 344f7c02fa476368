/** bench:nothing-lost in its short form: a user's own set-ups before and after faults, and what the user changes meanwhile. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { findInstalled } from '../../scripts/lib/components.ts'
import { root } from '../../scripts/lib/root.ts'
import { noGuest } from '../helpers/guest.ts'

const missing = ['nft', 'tc', 'ip', 'dockerd', 'iptables'].find((program) => findInstalled(program) === null)
const why = process.getuid?.() === 0 ? noGuest || (missing !== undefined && `${missing} is not installed`) : 'network namespaces need root'
const long = why || (process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1')

test('what was there before a fault, and what a user changes during it, is there afterwards', { skip: long }, () => {
  const { status, stdout, stderr } = spawnSync('python3', [join(root, 'bench/nothing-lost/main.py'), '--quick'], {
    encoding: 'utf8',
    env: { ...process.env, SQUALL_NODE: process.execPath },
    timeout: 400_000,
  })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^ok {4}control, a fault that puts back a copy: - files: \/etc\/hosts/m)
})
