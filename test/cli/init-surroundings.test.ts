import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { findDocker, findKubernetes } from '../../src/cli/init/platforms.ts'
import { probe } from '../../src/cli/init/probe.ts'
import { readProject } from '../../src/cli/init/project.ts'
import type { Service } from '../../src/cli/init/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-around-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** Runs with a server that answers like this, on a port or a socket file. */
async function withServer(answer: RequestListener, where: string | number, work: (server: Server) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  server.listen(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where })
  await once(server, 'listening')
  try {
    await work(server)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

suite('what the files of a folder tell', () => {
  test('package.json, compose file, project file above, experiments', () => {
    mkdirSync(join(folder, 'shop', '.git'), { recursive: true })
    write('shop/squall.yaml', 'environments: {}\n')
    write('shop/api/package.json', '{"name":"api","scripts":{"build":"x","start":"y"}}')
    write('shop/api/docker-compose.yml', 'services:\n  web: { image: nginx }\n  db: { image: postgres }\n')
    write('shop/api/old.yaml', 'name: old\nfaults: []\n')
    write('shop/api/experiments/freeze.yml', 'faults:\n  - type: pause\n')
    write('shop/api/other.yaml', 'faultless: true\n')
    assert.deepEqual(readProject(join(folder, 'shop', 'api')), {
      root: join(folder, 'shop'),
      package: { name: 'api', start: 'start' },
      compose: { file: 'docker-compose.yml', services: ['web', 'db'] },
      projectFile: join(folder, 'shop', 'squall.yaml'),
      experiments: ['old.yaml', 'experiments/freeze.yml'],
    })
  })

  test('files that cannot be understood are as good as none', () => {
    write('broken/package.json', '{')
    write('broken/compose.yaml', ': : :\n\t- x')
    assert.deepEqual(readProject(join(folder, 'broken')), { root: join(folder, 'broken'), experiments: [] })
  })

  test('a home folder and the root of the machine are no project: everything would belong to it', () => {
    assert.equal(readProject(homedir()).root, null)
    assert.equal(readProject('/').root, null)
  })
})

suite('Docker and Kubernetes', () => {
  test('Docker is asked for the names of its containers, by its local socket', async () => {
    const socket = join(folder, 'docker.sock')
    const asked: string[] = []
    const answer: RequestListener = (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.end('[{"Names":["/web"]},{"Names":["/db"]}]')
    }
    await withServer(answer, socket, async () => {
      assert.deepEqual(await findDocker({ DOCKER_HOST: `unix://${socket}` }), { socket, containers: ['web', 'db'] })
    })
    assert.deepEqual(asked, ['GET /containers/json'])
  })

  test('a Docker that does not answer, or answers nonsense, is said to be there and no more', async () => {
    const socket = join(folder, 'deaf.sock')
    await withServer(
      () => {},
      socket,
      async () => {
        assert.deepEqual(await findDocker({ DOCKER_HOST: `unix://${socket}` }), {
          socket,
          containers: { unknown: 'it did not answer in time' },
        })
      },
    )
    const strange = join(folder, 'strange.sock')
    await withServer(
      (_, response) => response.end('<html>'),
      strange,
      async () => {
        const found = await findDocker({ DOCKER_HOST: `unix://${strange}` })
        assert.ok(found && !Array.isArray(found.containers))
      },
    )
  })

  test('a Docker elsewhere is not asked, a missing one is not there', async () => {
    assert.equal(await findDocker({ DOCKER_HOST: 'tcp://192.0.2.1:2375' }), null)
    assert.equal(await findDocker({ DOCKER_HOST: `unix://${join(folder, 'nothing.sock')}` }), null)
  })

  test('contexts are read from the kubeconfig files alone', () => {
    const one = write('kube/one', 'current-context: kind-dev\ncontexts:\n  - name: kind-dev\n  - name: staging\n')
    const two = write('kube/two', 'contexts:\n  - name: staging\n  - 7\n')
    assert.deepEqual(findKubernetes({ KUBECONFIG: `${one}:${two}` }), { contexts: ['kind-dev', 'staging'], current: 'kind-dev' })
    assert.equal(findKubernetes({ KUBECONFIG: join(folder, 'kube', 'none') }), null)
  })
})

suite('--probe', () => {
  const service = (port: number): Service => ({
    ...{ name: 'api', program: 'node api.js', pids: [1], ports: [port], host: '127.0.0.1' },
    ...{ fixedPort: true, query: { port }, here: true, calls: [] },
  })
  const portOf = (server: Server): number => (server.address() as AddressInfo).port

  test('takes the first page that answers well, with GET and nothing else', async () => {
    const asked: string[] = []
    const answer: RequestListener = (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(request.url === '/health' ? 200 : 404).end()
    }
    await withServer(answer, 0, async (server) => {
      const port = portOf(server)
      assert.deepEqual([...(await probe([service(port)])).values()], [{ url: `http://127.0.0.1:${port}/health`, status: 200 }])
    })
    assert.deepEqual(asked, ['GET /', 'GET /health'])
  })

  test('follows no redirect, and keeps the first answer when none is good', async () => {
    await withServer(
      (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
      0,
      async (server) => {
        assert.deepEqual(
          [...(await probe([service(portOf(server))])).values()].map(({ status }) => status),
          [302],
        )
      },
    )
    await withServer(
      (_, response) => response.writeHead(500).end(),
      0,
      async (server) => {
        const [answer] = (await probe([service(portOf(server))])).values()
        assert.deepEqual([answer?.status, new URL(answer?.url ?? '').pathname], [500, '/'])
      },
    )
  })

  test('what does not speak HTTP, or is not there, has not answered', async () => {
    const { createServer: createTcpServer } = await import('node:net')
    const tcp = createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-x\r\n'),
    ).listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    assert.equal((await probe([service(port)])).size, 0)
    tcp.close()
    await once(tcp, 'close')
    assert.equal((await probe([service(port)])).size, 0)
  })
})
