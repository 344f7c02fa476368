/** The kill campaign in its short form: harness and oracle are Python and know nothing of Squall's code. By hand: npm run bench:kill. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { findInstalled } from '../../scripts/lib/components.ts'
import { runChild } from '../../src/system/children.ts'
import { everything } from '../helpers/length.ts'

const bench = join(import.meta.dirname, '../../bench/kill')

async function campaign(script: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, SQUALL_NODE: process.execPath } as Record<string, string>
  const result = await runChild({ argv: ['python3', join(bench, script), ...args], env, cwd: bench, timeLimit: 550_000 })
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}`)
}

test(
  'a proxy lets go at once of what a run had put into it, when runner and guardian are killed',
  { skip: !everything && 'bench:kill has the numbers' },
  () => campaign('lease.py', '--rounds', '3', '--limit', '1000'),
)

const kills = everything ? 60 : 12
const forCi = everything ? false : 'a test of the harness, not of Squall: SQUALL_TEST_ALL=1 runs it'

test(`${kills} kills of runner and guardian, in every state of a run, leave nothing behind`, () =>
  campaign('main.py', '--total', String(kills), '--jobs', '6'))
const lacking = everything ? whyNotAtPlaces() : 'long: SQUALL_TEST_ALL=1'

test('nor do kills while something at a host, a container, a database or a url is broken', { skip: lacking ?? false }, () =>
  campaign(
    'main.py',
    '--faults',
    'h-partition,h-descriptors,c-stop,c-network,a-network,a-memory,p-stop,p-lock,r-pause,u-load',
    '--total',
    '20',
  ),
)

/** Root, and the real things. */
function whyNotAtPlaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'an engine and servers of our own need root'
  const missing = ['dockerd', 'busybox', 'postgres', 'redis-server', 'nft', 'tc'].find((program) => !findInstalled(program))
  return missing && `${missing} is not installed`
}

test('the harness sees what a deaf and a fenceless guardian leave behind', { skip: forCi }, () =>
  campaign('controls.py', '--kills', '12', '--jobs', '6'),
)
