/** Toxiproxy's own client for Go and its own command line, unchanged: what they say is the same on a real Toxiproxy and on `squall proxy`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { findInstalled } from '../../../scripts/lib/components.ts'
import { freePort } from '../../helpers/free-port.ts'
import { type Subject, startSubject, type Which, withoutToxiproxy } from './subject.ts'

const cli = findInstalled('toxiproxy-cli')
const goClient = findInstalled('toxiproxy-go-client')

/** Both servers, one after the other, asked in the same way; ports are named in what they say. */
async function onBoth<T>(ask: (subject: Subject, ports: number[]) => T): Promise<Record<Which, T>> {
  const answers = {} as Record<Which, T>
  const ports = [await freePort(), await freePort(), await freePort()]
  for (const is of ['toxiproxy', 'squall'] as const) {
    // While a client runs nobody reads the server's log: what it writes has to fit into the pipe.
    const subject = await startSubject(is, [], { LOG_LEVEL: 'error' })
    try {
      answers[is] = ask(subject, ports)
    } finally {
      await subject.end()
    }
  }
  return answers
}

function run(
  program: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, argv, {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env.PATH ?? '', ...env },
  })
  return { status, stdout, stderr }
}

describe('the client for Go', { skip: withoutToxiproxy || (goClient ? false : 'toxiproxy-go-client is not installed') }, () => {
  test('each of its calls has the same result', async () => {
    const { toxiproxy, squall } = await onBoth(({ url }, [first, second, upstream]) =>
      run(goClient as string, [url, `127.0.0.1:${first}`, `localhost:${second}`, `127.0.0.1:${upstream}`]),
    )
    assert.equal(toxiproxy.status, 0, toxiproxy.stderr)
    assert.deepEqual(squall.stdout.split('\n'), toxiproxy.stdout.split('\n'))
    assert.deepEqual(squall, toxiproxy)
    assert.ok(toxiproxy.stdout.split('\n').length > 50, 'it made all its calls')
    assert.doesNotMatch(toxiproxy.stdout, /fail to request/)
  })
})

/** Commands in the order in which they are given; A, B are free addresses, U is an upstream. */
const commands = `
list
create -l A -u U a
create --listen B --upstream U b
create -l A -u U a
create -l nonsense -u U c
create -l A -u U taken
create a
list
ls
inspect a
i nope
toxic add -t latency -a latency=100 -a jitter=50 a
toxic add -t latency -a latency=100 a
toxic add --type bandwidth --toxicName slow --toxicity 0.3 --upstream -a rate=1000 a
t a -t timeout -n u -u -a timeout=5 b
toxic add -t nope a
toxic add -t latency -a latency=x a
toxic add -t latency nope
toxic add -t latency -u -d a
toxic add a
inspect a
list
toxic update -n slow --toxicity 0.7 -a rate=50 a
inspect a
toxic update -n slow -a rate=51 a
inspect a
toxic update -n nope -a rate=50 a
toxic update -n slow -a rate=x a
toxic update a
toxic remove -n slow a
toxic remove -n slow a
toxic delete -n u b
toggle a
list
tog a
list
toggle nope
delete a
d b
delete b
list
--version`
  .trim()
  .split('\n')

describe('toxiproxy-cli', { skip: withoutToxiproxy || (cli ? false : 'toxiproxy-cli is not installed') }, () => {
  test('each of its commands says and does the same', async () => {
    const { toxiproxy, squall } = await onBoth(({ url }, ports) =>
      commands.map((command, at) => {
        const argv = command.split(' ').map((word) => (/^[ABU]$/.test(word) ? `127.0.0.1:${ports['ABU'.indexOf(word)]}` : word))
        // By option and by environment in turn.
        return [command, at % 2 ? run(cli as string, ['--host', url, ...argv]) : run(cli as string, argv, { TOXIPROXY_URL: url })] as const
      }),
    )
    for (const [at, [command, said]] of toxiproxy.entries()) assert.deepEqual(squall[at], [command, said])
    const failed = toxiproxy.filter(([, { status }]) => status !== 0).length
    assert.ok(failed > 8 && failed < commands.length / 2, `${failed} of ${commands.length} commands failed on a real Toxiproxy`)
  })
})
