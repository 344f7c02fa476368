/** Faults that need netem: refused with a way out where the kernel has none, planned where it has, and true in their effect. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../../scripts/lib/root.ts'
import { runChild } from '../../../src/system/children.ts'
import { inGuest, noGuest } from '../../helpers/guest.ts'

const why = process.getuid?.() === 0 ? noGuest : 'network namespaces need root'
const long = why || (process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1')

const document = `name: late
hypothesis: Late packets are noticed.
environment: test
sources: { app: { type: endpoint, url: 'http://127.0.0.1:1/' } }
measures: { up: { from: app, unit: count, min: { recovery: 1 } } }
phases: { warmup: 0s, baseline: 1s, fault: 2s, recovery: 1s }
faults: [{ type: network, target: { host: local, to: 127.0.0.9, interface: lo }, delay: 100ms, duplicate: 1% }]
`
/** In folders of its own; $1 is Node, $2 Squall. */
const script = `set -e; folder=$(mktemp -d); trap 'rm -r "$folder"' EXIT; cd "$folder"
export SQUALL_STATE_DIR="$folder/state" SQUALL_MACHINE_DIR="$folder/machine"
printf '%s' "$DOCUMENT" > late.yaml
"$1" "$2" doctor || true; "$1" "$2" plan late.yaml || true`
const argv = ['sh', '-c', script, 'sh', process.execPath, join(root, 'bin/squall.js')] as const
const env = { DOCUMENT: document }

test('in a guest with a stock Debian kernel doctor and plan say that netem is there', { skip: long }, async () => {
  const { stdout, stderr } = await inGuest(argv, { env, seconds: 90 })
  assert.match(stdout, /^ok +delay, duplicate, corrupt, reorder of packets +netem$/m, stderr)
  assert.match(stdout, /needs netem: yes/)
  assert.match(stdout, /tc qdisc add dev lo .* netem .*delay 100ms duplicate 1%/)
})

test('where the kernel has no netem they say so, and what to do instead', { skip: long }, async (t) => {
  const probe = ['--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'handle', '5151:', 'netem', 'delay', '1ms']
  if (spawnSync('unshare', probe).status === 0) return t.diagnostic('this kernel has netem: nothing to refuse')
  const { stdout, stderr } = await runChild({ argv, env: { ...process.env, ...env } as Record<string, string>, timeLimit: 60_000 })
  assert.match(stdout, /^missing +delay, .* no netem .*delay at a proxy/m, stderr)
  assert.match(stdout, /needs netem: missing \(this kernel has no netem/)
})

test('bench:fidelity: packets, disk and processor as asked, by other eyes; netem in the guest', { skip: long }, async () => {
  const bench = ['python3', join(root, 'bench/fidelity/main.py'), '--quick', '--lenient', '--only', 'host'] as const
  const { code, stdout, stderr } = await runChild({
    argv: bench,
    env: { ...process.env, SQUALL_NODE: process.execPath } as Record<string, string>,
    timeLimit: 400_000,
  })
  assert.equal(code, 0, `${stdout}\n${stderr}`)
  // How late a packet is and how busy a processor depend on who else is there; what is counted does not.
  for (const what of ['no fault', 'loss 1%', 'duplicate 10%', 'corrupt 10%']) assert.match(stdout, new RegExp(`^ok +${what}`, 'm'), stdout)
  assert.equal(stdout.match(/^ok +loss 1%/gm)?.length, 2, stdout)
})
