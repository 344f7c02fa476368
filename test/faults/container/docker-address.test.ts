import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SquallError } from '../../../src/errors.ts'
import { defaultUrl, engineAddress } from '../../../src/faults/container/docker-address.ts'

const home = mkdtempSync(join(tmpdir(), 'squall-home-'))
after(() => rmSync(home, { recursive: true }))

function context(name: string, host: string, tls = false): void {
  const id = createHash('sha256').update(name).digest('hex')
  const meta = join(home, '.docker/contexts/meta', id)
  mkdirSync(meta, { recursive: true })
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }))
  if (!tls) return
  const folder = join(home, '.docker/contexts/tls', id, 'docker')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'ca.pem'), 'ca')
}

const says = (pattern: RegExp) => (error: unknown) =>
  error instanceof SquallError && error.code === 'docker-address' && pattern.test(`${error.message} ${error.hint}`)

describe('where the engine is', () => {
  test('with nothing said: the usual socket', () => {
    assert.deepEqual(engineAddress({ HOME: home }), { url: defaultUrl })
  })
  test('DOCKER_HOST: a socket, an address, IPv6', () => {
    for (const url of ['unix:///tmp/a b.sock', 'tcp://10.0.0.1:1234', 'tcp://[::1]:1234'])
      assert.deepEqual(engineAddress({ HOME: home, DOCKER_HOST: url }), { url })
  })
  test('DOCKER_TLS_VERIFY checks the server with the files of DOCKER_CERT_PATH', () => {
    writeFileSync(join(home, 'ca.pem'), 'ca')
    const env = { HOME: home, DOCKER_HOST: 'tcp://engine', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home }
    assert.deepEqual(engineAddress(env), { url: 'tcp://engine', tls: { ca: join(home, 'ca.pem') } })
  })
  test('a context by name, with the one that is current as default; DOCKER_HOST goes first', () => {
    context('far', 'tcp://far:2376', true)
    context('near', 'unix:///tmp/near.sock')
    writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"near"}')
    assert.deepEqual(engineAddress({ HOME: home }), { url: 'unix:///tmp/near.sock' })
    const far = engineAddress({ HOME: home, DOCKER_CONTEXT: 'far' })
    assert.ok(far.url === 'tcp://far:2376' && far.tls?.ca?.endsWith('/docker/ca.pem'))
    assert.deepEqual(engineAddress({ HOME: home, DOCKER_CONTEXT: 'default' }), { url: defaultUrl })
    assert.deepEqual(engineAddress({ HOME: home, DOCKER_CONTEXT: 'far', DOCKER_HOST: 'tcp://h:1' }), { url: 'tcp://h:1' })
    assert.throws(() => engineAddress({ HOME: home, DOCKER_CONTEXT: 'missing' }), says(/no docker context missing/))
  })
  test('ssh is refused with what to do instead, and nonsense with what is expected', () => {
    assert.throws(() => engineAddress({ HOME: home, DOCKER_HOST: 'ssh://me@host' }), says(/ssh -L .*HOST/))
    context('by-ssh', 'ssh://me@host')
    assert.throws(() => engineAddress({ HOME: home, DOCKER_CONTEXT: 'by-ssh' }), says(/context by-ssh says ssh:/))
    assert.throws(() => engineAddress({ HOME: home, DOCKER_HOST: 'localhost' }), says(/expected unix:/))
  })
})
