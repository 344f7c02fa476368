import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TargetQuery, TargetSpec } from '../../../src/document/experiment.ts'
import { SquallError } from '../../../src/errors.ts'
import { EngineError, openEngine } from '../../../src/faults/container/engine.ts'
import { resolveTargets } from '../../../src/faults/resolve.ts'
import { type DockerEngine, startDocker, whyNoDocker } from '../../helpers/docker.ts'

/** Quick to end: nobody waits for it. */
const sleeper = { command: ['sleep', '300'] }

const code =
  (expected: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof SquallError && error.code === expected && pattern.test(error.message)

const spec = (query: TargetQuery, pick: TargetSpec['pick'] = { all: true }): TargetSpec => ({
  place: 'container',
  query,
  pick,
  narrowing: {},
})

describe('which containers a target means', { skip: whyNoDocker() ?? false }, () => {
  let docker: DockerEngine
  const before_ = process.env.DOCKER_HOST
  const found = async (query: TargetQuery, pick?: TargetSpec['pick']): Promise<string[]> =>
    (await resolveTargets(spec(query, pick), { random: () => 0, protect: [] })).map(({ name }) => name.replace(/^container /, '')).sort()

  before(async () => {
    docker = await startDocker()
    process.env.DOCKER_HOST = docker.url
    const compose = (service: string): Record<string, string> => ({
      'com.docker.compose.service': service,
      'com.docker.compose.project': 'shop',
    })
    await Promise.all([
      docker.run({ ...sleeper, name: 'shop-db-1', labels: { ...compose('db'), region: 'a' } }),
      docker.run({ ...sleeper, name: 'shop-web-1', labels: { ...compose('web'), region: 'a' } }),
      docker.run({ ...sleeper, name: 'web', labels: { region: 'b' } }),
      docker.run({ ...sleeper, name: 'helper', labels: { region: 'a', 'squall.mark': 'run/fault' } }),
    ])
  })
  after(async () => {
    if (before_ === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before_
    await docker?.end()
  })

  test('by name, glob, compose service, id, labels; a helper of Squall’s never', async () => {
    assert.deepEqual(await found({ name: 'shop-db-1' }), ['shop-db-1'])
    assert.deepEqual(await found({ name: 'shop-*' }), ['shop-db-1', 'shop-web-1'])
    assert.deepEqual(await found({ name: 'db' }), ['shop-db-1'])
    assert.deepEqual(await found({ name: 'web' }), ['web'], 'a name goes before a service')
    assert.deepEqual(await found({ service: 'web' }), ['shop-web-1'])
    assert.deepEqual(await found({ labels: { region: 'a' } }), ['shop-db-1', 'shop-web-1'])
    assert.deepEqual(await found({ labels: { region: 'a' }, service: 'db' }), ['shop-db-1'])
    const [web] = await resolveTargets(spec({ name: 'web' }), { random: () => 0, protect: [] })
    assert.ok(web)
    assert.deepEqual(await found({ name: web.id.slice(0, 6) }), ['web'])
    assert.deepEqual(await found({ id: web.id.slice(0, 4) }), ['web'])
    await assert.rejects(found({ name: 'helper' }), code('no-target'))
  })
  test('the facts say what is known of it', async () => {
    const [web] = await resolveTargets(spec({ name: 'web' }), { random: () => 0, protect: [] })
    assert.equal(web?.facts.name, 'web')
    assert.equal(web?.facts.image, 'squall-test')
    assert.deepEqual(web?.facts.engine, { url: docker.url })
    assert.deepEqual(web?.facts.labels, { region: 'b' })
  })
  test('the seed picks, and what was picked before stays', async () => {
    const pick = async (random: number, prefer?: string): Promise<string | undefined> =>
      (
        await resolveTargets(spec({ labels: { region: 'a' } }, { count: 1 }), {
          random: () => random,
          protect: [],
          ...(prefer && { prefer: new Set([prefer]) }),
        })
      )[0]?.id
    const [first, last] = [await pick(0), await pick(0.99)]
    assert.notEqual(first, last)
    assert.equal(await pick(0, last), last)
    await assert.rejects(found({ name: 'shop-*' }, { count: 3 }), code('no-target', /only 2 of the 3 targets/))
  })
  test('what is stopped is said to be, not found missing', async () => {
    const id = await docker.run({ name: 'tired', command: ['true'] })
    await docker.engine.call('POST', `/containers/${id}/wait`)
    await assert.rejects(found({ name: 'tired' }), code('no-target', /tired: not running/))
    await assert.rejects(found({ name: 'nobody' }), code('no-target', /no container with name nobody/))
  })
  test('the engine’s own message and status come with an error; no engine is said to be none', async () => {
    const missing = docker.engine.call('GET', '/containers/nobody/json')
    await assert.rejects(
      missing,
      (error) => error instanceof EngineError && error.status === 404 && /No such container: nobody/.test(error.message),
    )
    await assert.rejects(openEngine({ url: `${docker.url}-none` }).call('GET', '/info'), code('docker-unreachable', /socket is not there/))
  })
  test('an image that is not there is not pulled', async () => {
    await assert.rejects(
      docker.engine.call('POST', '/containers/create', { body: { Image: 'squall-not-there' } }),
      (error) => error instanceof EngineError && error.status === 404,
    )
  })
})
