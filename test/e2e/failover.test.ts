/** The requirement's experiment on a real PostgreSQL pair with repmgr, phases shortened: see bench/failover for the full one. */
import assert from 'node:assert/strict'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { type Judged, judgeFailover, short } from '../../bench/failover/experiment.ts'
import type { PairServer } from '../../scenarios/lib/postgres-pair.ts'
import { startDocker, whyNoDocker } from '../helpers/docker.ts'
import { whyNoPostgresPair } from '../helpers/postgres-pair.ts'

const long = process.env.SQUALL_TEST_ALL ? undefined : 'long: SQUALL_TEST_ALL=1'
const skip = whyNoPostgresPair() ?? long ?? false

/** What the verdict says of one cell, and everything that was printed for when it is something else. */
function expect({ outcome, said }: Judged, wanted: string): void {
  assert.equal(outcome, wanted, said)
}

function readings({ exported }: Judged, measure: string): string {
  const samples = (exported.samples as Record<string, ({ value: number } | { missing: string })[]>)[measure] ?? []
  return samples.flatMap((sample) => ('value' in sample ? [sample.value] : [])).join(' ')
}

suite('when the primary stops, the replica takes over in time', { skip, concurrency: 4 }, () => {
  test('promoted in time: passed; the old primary follows the new one, and every acknowledged write is there', async () => {
    const judged = await judgeFailover({
      scale: short,
      pair: { replication: 'sync' },
      async after({ one, two }) {
        assert.equal((await one.sql('select pg_is_in_recovery() as standby')).standby, true)
        assert.equal((await two.sql('select pg_is_in_recovery() as standby')).standby, false)
      },
    })
    expect(judged, 'passed')
    assert.equal(judged.rollback, 'verified')
    assert.match(readings(judged, 'primaries'), /^(1 )+(0 )+(1 )*1$/)
    // Promotion is proved by what could be written, and by the history that begins with it.
    assert.match(readings(judged, 'writable'), /^(1 )+(0 )+(1 )*1$/)
    assert.match(readings(judged, 'timeline'), /^(1 )+(2 )*2$/)
    assert.match(readings(judged, 'lost_writes'), /^(0 )+0$/)
  })

  test('promotion switched off: failed; the old primary is started again as primary', async () => {
    const judged = await judgeFailover({ scale: short, pair: { promotion: 'off' } })
    expect(judged, 'failed')
    assert.match(judged.because, /error_rate during the fault|primaries during the fault/)
    assert.equal(judged.rollback, 'verified')
    assert.match(readings(judged, 'timeline'), /^(1 )*1$/)
  })

  test('promotion too late: failed', async () => {
    const judged = await judgeFailover({ scale: short, pair: { promotion: { after: short.within + 2 } } })
    expect(judged, 'failed')
    assert.match(judged.because, /error_rate during the fault|primaries during the fault/)
    assert.match(readings(judged, 'timeline'), /2$/)
  })

  test('started as it was, the old primary is a second one: seen, and failed', async () => {
    const judged = await judgeFailover({ scale: short, pair: {}, fault: '' })
    expect(judged, 'failed')
    assert.match(judged.because, /primaries after the fault|writable after the fault/)
    assert.match(judged.said, /SPLIT BRAIN/)
  })
})

suite('the primary is a container, stopped by its name', { skip: whyNoDocker() ?? skip }, () => {
  test('the replica takes over; started again, the container makes itself its standby', async () => {
    const docker = await startDocker()
    try {
      const judged = await judgeFailover({
        scale: short,
        pair: { launch: (server, argv) => launch(docker, server, argv) },
        target: 'container: postgres-one',
        fault: '',
        env: { DOCKER_HOST: docker.url },
        async after({ one }) {
          assert.equal((await one.sql('select pg_is_in_recovery() as standby')).standby, true)
        },
      })
      expect(judged, 'passed')
      assert.match(judged.said, /stop container postgres-one/)
    } finally {
      await docker.end()
    }
  })
})

/** A container with the machine's programs, in the machine's network, that looks for another primary before it starts, as real ones do. */
async function launch(
  docker: Awaited<ReturnType<typeof startDocker>>,
  server: PairServer,
  argv: readonly string[],
): Promise<() => Promise<void>> {
  const { data, port } = server
  const [name] = data.split('/').slice(-1)
  const folder = data.slice(0, data.lastIndexOf('/'))
  const peerFile = `${folder}/peer-of-${name}`
  const script = `#!/bin/sh
peer=$(cat ${peerFile} 2>/dev/null)
if [ -n "$peer" ] && [ "$(psql -h 127.0.0.1 -p $peer -U repmgr -d repmgr -Atc 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; then
  ${argv[0]?.replace(/postgres$/, 'pg_rewind')} --target-pgdata=${data} --source-server="host=127.0.0.1 port=$peer user=repmgr dbname=postgres" --write-recovery-conf --no-sync
  touch ${data}/standby.signal
fi
exec ${argv.join(' ')}
`
  writeFileSync(`${folder}/start-${name}`, script)
  chmodSync(`${folder}/start-${name}`, 0o755)
  // The second one to start tells the first where it is.
  if (name === 'two') writeFileSync(`${folder}/peer-of-one`, String(port))
  const { uid, gid } = statSync(data)
  const id = await docker.run({
    name: `postgres-${name}`,
    command: ['sh', `${folder}/start-${name}`],
    network: 'host',
    host: {
      Binds: [
        '/usr:/usr:ro',
        '/etc/passwd:/etc/passwd:ro',
        '/etc/group:/etc/group:ro',
        '/etc/postgresql-common:/etc/postgresql-common:ro',
        `${folder}:${folder}`,
      ],
    },
    config: { User: `${uid}:${gid}`, StopSignal: 'SIGINT' },
  })
  return () => docker.remove(id)
}
