import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { everything } from '../helpers/length.ts'
import { type Stage, until, withStage } from './stage.ts'

const demo = fileURLToPath(new URL('../../demo', import.meta.url))

/** A folder with the shop, which is open; its programs lie in that folder and nowhere else. */
async function openShop(stage: Stage): Promise<{ folder: string; url: string; shop: ChildProcess }> {
  const folder = stage.path('shop')
  cpSync(demo, folder, { recursive: true })
  rmSync(join(folder, 'payments-freeze.yaml'))
  const shop = spawn(process.execPath, ['shop.ts', '--app', stage.folder.slice(-6)], {
    cwd: folder,
    env: stage.env,
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  })
  let said = ''
  shop.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('the shop to open', () => said.includes('Ctrl-C closes it'))
  const url = /http:\S+/.exec(said)?.[0] ?? ''
  return { folder, url, shop }
}

async function order(url: string): Promise<void> {
  await fetch(`${url}/orders`, { method: 'POST', body: '{"product":"tea"}' }).then((response) => response.arrayBuffer())
}

interface InitAnswer {
  file: string | null
  chose: { url: string; service: string | null; target: object; because: { url: string; target: string } }
  document: string
  next: { command: string }[]
}

describe('squall init', { concurrency: true }, () => {
  test(
    'writes an experiment for the shop that validates, can be planned and run',
    { skip: everything ? false : 'most of a minute: SQUALL_TEST_ALL=1 runs it' },
    withStage(async (stage, t) => {
      const { folder, url, shop } = await openShop(stage)
      try {
        await order(url)
        const wrote = await stage.command('init', folder, '--url', `${url}/products`)
        assert.equal(wrote.code, 0, wrote.stderr)
        assert.match(wrote.stdout, /gateway \(node gateway\.ts\) on \d+, calls orders/)
        assert.match(wrote.stdout, /payments \(node payments\.ts\) stands still for five seconds/)
        const file = join(folder, 'first-experiment.yaml')
        const text = readFileSync(file, 'utf8')
        assert.match(text, /^# yaml-language-server: \$schema=.*schema\/experiment\.json\n/)

        const valid = await stage.command('validate', file)
        assert.deepEqual([valid.code, valid.stderr], [0, ''])
        const plan = await stage.command('plan', file)
        assert.equal(plan.code, 0)
        assert.match(plan.stdout, /does +stop node payments\.ts \(pid \d+\) with SIGSTOP/)

        const run = await stage.command('run', file, '--var', 'rate=60/s')
        if (run.code === 3) {
          // A machine too busy to measure on: then nothing is injected, and the run must say so and no more.
          assert.match(run.stdout, /can't tell .*no trustworthy data/)
          t.diagnostic('the machine was too busy for the run to begin its fault')
          return
        }
        assert.equal(run.code, 0, run.stdout)
        assert.match(run.stdout, /^PASSED {2}payments-freeze/m)
        assert.match(run.stdout, /pause at node payments\.ts \(pid \d+\): verified/)
      } finally {
        shop.kill('SIGTERM')
      }
    }),
  )

  test(
    'never replaces a file unless it is told to',
    withStage(async (stage) => {
      const file = stage.write('first-experiment.yaml', 'mine\n')
      const refused = await stage.command('init', stage.folder)
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /is there already\n {2}hint: .*--force\.\n {2}code: file-exists/)
      assert.equal(readFileSync(file, 'utf8'), 'mine\n')
      assert.equal((await stage.command('init', stage.folder, '--force')).code, 0)
      assert.match(readFileSync(file, 'utf8'), /^name: my-service-freeze$/m)
    }),
  )

  test(
    'with nothing found writes a document to fill in, which is valid',
    withStage(async (stage) => {
      const { code, stdout } = await stage.command('init', stage.path('new place/freeze.yaml'))
      assert.equal(code, 0)
      assert.match(stdout, /no service of this folder listens/)
      assert.match(stdout, /\$EDITOR '.*new place\/freeze\.yaml'\n {4}put in what is marked FILL IN/)
      assert.equal((await stage.command('validate', stage.path('new place/freeze.yaml'))).code, 0)
      const text = readFileSync(stage.path('new place/freeze.yaml'), 'utf8')
      const plan = await stage.command('plan', stage.write('nobody.yaml', text.replace('{ port: 8080 }', 'nobody-is-called-so')))
      assert.equal(plan.code, 2)
      assert.match(plan.stdout, /cannot be done: no process with name nobody-is-called-so\n {2}hint: Is it running\? squall init -/)
      assert.equal((text.match(/FILL IN/g) ?? []).length, 2)
    }),
  )

  test(
    'asks nobody without --probe, and changes nothing but the file',
    withStage(async (stage) => {
      const folder = stage.path('api')
      mkdirSync(folder)
      const script = stage.write(
        'api/server.js',
        `require('http').createServer((q, a) => { require('fs').appendFileSync(__dirname + '/asked', q.method + ' ' + q.url + '\\n'); a.end('{}') })
          .listen(0, '127.0.0.1', () => require('fs').writeFileSync(__dirname + '/ready', ''))`,
      )
      // Named by a label that would steer a terminal.
      stage.start(['env', 'SQUALL_LABELS=service=a\u001B[31mpi', process.execPath, script])
      await until('the server to listen', () => existsSync(join(folder, 'ready')))
      const before = readdirSync(folder)
      const init = async (...args: string[]): Promise<InitAnswer> =>
        JSON.parse((await stage.command('init', folder, '--dry-run', '--json', ...args)).stdout) as InitAnswer
      const untried = await init()
      assert.deepEqual([untried.file, untried.chose.service], [null, 'a?[31mpi'])
      assert.deepEqual(untried.chose.target, { labels: { service: 'a\u001B[31mpi' } })
      assert.ok(!untried.document.includes('\u001B'))
      assert.match(untried.document, /not tried yet/)
      assert.deepEqual(readdirSync(folder), before)
      assert.equal(existsSync(stage.state), false)
      const tried = await init('--probe')
      assert.match(tried.chose.because.url, /answers GET \/ with 200/)
      assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'GET /\n')
      const next = tried.next.map(({ command }) => command.split(' ').slice(0, 2).join(' '))
      assert.deepEqual(next, ['squall validate', 'squall plan', 'squall run'])
    }),
  )

  test(
    '- prints the document alone on stdout; what cannot be meant is refused',
    withStage(async (stage) => {
      const { code, stdout, stderr } = await stage.command('init', '-')
      assert.equal(code, 0)
      assert.match(stdout, /^# yaml-language-server/)
      assert.match(stderr, /^found\n/)
      for (const words of [['nowhere'], ['first.json'], ['.', '--port', '0'], ['.', '--url', 'ftp://x'], ['.', '--service', 'nobody']]) {
        const refused = await stage.command('init', ...words)
        assert.equal(refused.code, 2, words.join(' '))
        assert.match(refused.stderr, /code: usage/)
      }
      assert.deepEqual(
        readdirSync(stage.folder).filter((name) => name.endsWith('.yaml')),
        [],
      )
    }),
  )
})
