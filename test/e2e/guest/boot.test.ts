/** The guest itself: a stock Debian kernel with this machine's files. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { inGuest, noGuest } from '../../helpers/guest.ts'

const long = noGuest || (process.env.SQUALL_TEST_ALL ? false : 'long: SQUALL_TEST_ALL=1')
const guests = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('squall-guest-'))

test('boots, delays packets with netem, hands back what was said, and leaves this machine alone', { skip: noGuest }, async () => {
  const before = guests()
  const script = `tc qdisc add dev lo root handle 5151: netem delay 20ms && ping -c 1 127.0.0.1
    touch /etc/squall-guest; echo "$WORD" >&2; exit 7`
  const end = await inGuest(['sh', '-c', script], { env: { WORD: 'two words' } })
  assert.deepEqual([end.code, end.stderr], [7, 'two words\n'], end.console)
  const ms = Number(/time=([\d.]+) ms/.exec(end.stdout)?.[1])
  assert.ok(ms >= 40 && ms < 300, end.stdout)
  assert.ok(!existsSync('/etc/squall-guest'))
  assert.deepEqual(
    guests().filter((name) => !before.includes(name)),
    [],
  )
})

test('a command that does not end is ended, with what it has said', { skip: long }, async () => {
  const end = await inGuest(['sh', '-c', 'echo so far; sleep 100'], { seconds: 1 })
  assert.deepEqual([end.code, end.stdout], [124, 'so far\n'], end.console)
})
