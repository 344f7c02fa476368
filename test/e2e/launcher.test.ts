import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A project with nothing but the launcher, a script and a stand-in for npm that notes its calls and makes what npm makes. */
function project(options: { installed: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
  folders.push(folder)
  mkdirSync(join(folder, 'scripts', 'runtime'), { recursive: true })
  copyFileSync(join(root, 'scripts', 'with-node.cjs'), join(folder, 'scripts', 'with-node.cjs'))
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'scripts', 'runtime', 'package-lock.json'), '{}')
  writeFileSync(
    join(folder, 'script.mjs'),
    `import { spawnSync } from 'node:child_process'
     const [mode, value] = process.argv.slice(2)
     if (mode === 'exit') process.exitCode = Number(value)
     if (mode === 'die') process.kill(process.pid, value)
     if (mode === 'node') console.log(spawnSync('node', ['-p', 'process.execPath'], { encoding: 'utf8' }).stdout.trim())
     if (mode === 'wait') {
       for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => { console.log(signal); setTimeout(() => { console.log('undone'); process.exit(4) }, 100) })
       setTimeout(() => process.exit(9), 20_000)
     }
     console.log('ready')`,
  )
  writeFileSync(
    join(folder, 'npm-cli.js'),
    `const fs = require('fs'); const path = require('path')
     fs.appendFileSync(path.join(__dirname, 'npm-calls'), process.cwd() + ' ' + process.argv.slice(2).join(' ') + '\\n')
     setTimeout(() => {
       fs.mkdirSync('node_modules/node-linux-' + process.arch + '/bin', { recursive: true })
       fs.writeFileSync('node_modules/.package-lock.json', '{}')
       if (process.cwd().endsWith('runtime')) fs.symlinkSync(process.env.TEST_NEW_NODE, 'node_modules/node-linux-' + process.arch + '/bin/node')
       console.log('noise')
     }, 300)`,
  )
  if (options.installed) {
    mkdirSync(join(folder, 'node_modules'))
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{}')
  }
  return folder
}

interface Started {
  child: ChildProcess
  ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>
  /** Resolves once the script has said so. */
  ready: Promise<void>
}

function launch(folder: string, words: string[], node = process.execPath): Started {
  const env = { ...process.env, npm_execpath: join(folder, 'npm-cli.js'), TEST_NEW_NODE: process.execPath }
  const child = spawn(node, ['scripts/with-node.cjs', 'script.mjs', ...words], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const seen = { stdout: '', stderr: '' }
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      seen.stdout += chunk.toString()
      if (seen.stdout.includes('ready')) resolve()
    })
  })
  child.stderr.on('data', (chunk: Buffer) => {
    seen.stderr += chunk.toString()
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, ...seen }))
  return { child, ended, ready }
}

const calls = (folder: string): string[] =>
  existsSync(join(folder, 'npm-calls')) ? readFileSync(join(folder, 'npm-calls'), 'utf8').trim().split('\n') : []

suite('the launcher of the package scripts', () => {
  test('passes the exit code on', async () => {
    assert.equal((await launch(project({ installed: true }), ['exit', '6']).ended).code, 6)
  })

  test('ends by the same signal as the script', async () => {
    assert.equal((await launch(project({ installed: true }), ['die', 'SIGKILL']).ended).signal, 'SIGKILL')
  })

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    test(`hands ${signal} to the script and waits until it has undone its work`, async () => {
      const { child, ended, ready } = launch(project({ installed: true }), ['wait'])
      await ready
      child.kill(signal)
      const { code, stdout } = await ended
      assert.equal(code, 4)
      assert.deepEqual(stdout.trim().split('\n'), ['ready', signal, 'undone'])
    })
  }

  test('survives a Ctrl-C of the terminal, which reaches the script by itself', async () => {
    const { child, ended, ready } = launch(project({ installed: true }), ['wait'])
    await ready
    child.kill('SIGINT')
    child.kill('SIGTERM')
    const { code, stdout } = await ended
    assert.equal(code, 4)
    assert.deepEqual(stdout.trim().split('\n'), ['ready', 'SIGTERM', 'undone'])
  })

  test('makes its own node the `node` of what it starts', async () => {
    const { stdout } = await launch(project({ installed: true }), ['node']).ended
    assert.equal(stdout.split('\n')[0], process.execPath)
  })

  test('installs first when there are no packages, with npm talking on stderr only', async () => {
    const folder = project({ installed: false })
    const { code, stdout, stderr } = await launch(folder, ['exit', '0']).ended
    assert.equal(code, 0)
    assert.equal(stdout, 'ready\n')
    assert.match(stderr, /noise/)
    assert.deepEqual(calls(folder), [`${folder} ci --no-audit --no-fund --loglevel=error --include=optional --include=dev`])
  })

  test('installs again when the lock file is newer, once', async () => {
    const folder = project({ installed: true })
    const old = new Date(Date.now() - 60_000)
    utimesSync(join(folder, 'node_modules', '.package-lock.json'), old, old)
    await launch(folder, ['exit', '0']).ended
    await launch(folder, ['exit', '0']).ended
    assert.equal(calls(folder).length, 1)
  })

  test('two at once install once', async () => {
    const folder = project({ installed: false })
    const both = await Promise.all([launch(folder, ['exit', '0']).ended, launch(folder, ['exit', '0']).ended])
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    )
    assert.equal(calls(folder).length, 1)
    assert.equal(existsSync(join(folder, '.installing')), false)
  })

  test('an install that was killed does not block the next one', async () => {
    const folder = project({ installed: false })
    const dead = spawn(process.execPath, ['-e', ''])
    await once(dead, 'exit')
    mkdirSync(join(folder, '.installing'))
    writeFileSync(join(folder, '.installing', 'pid'), String(dead.pid))
    assert.equal((await launch(folder, ['exit', '0']).ended).code, 0)
  })

  test('says what to do when the install fails', async () => {
    const folder = project({ installed: false })
    writeFileSync(join(folder, 'npm-cli.js'), 'process.exitCode = 7')
    const { code, stderr } = await launch(folder, ['exit', '0']).ended
    assert.equal(code, 2)
    assert.match(stderr, /npm ci failed in .* \(exit code 7\)/)
    assert.equal(existsSync(join(folder, '.installing')), false)
  })
})

suite('the launcher on an old Node', () => {
  /** Looks like Node 20 to the launcher, and is this very one otherwise. */
  function oldNode(folder: string): string {
    const preload = join(folder, 'old.cjs')
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`)
    return preload
  }

  test('fetches the pinned one once and runs the script with it', async () => {
    const folder = project({ installed: true })
    const preload = oldNode(folder)
    const start = (): Promise<[number | null]> => {
      const env = { ...process.env, npm_execpath: join(folder, 'npm-cli.js'), TEST_NEW_NODE: process.execPath }
      const words = ['--require', preload, 'scripts/with-node.cjs', 'script.mjs', 'exit', '3']
      return once(spawn(process.execPath, words, { cwd: folder, env, stdio: 'ignore' }), 'close') as Promise<[number | null]>
    }
    assert.equal((await start())[0], 3)
    assert.equal((await start())[0], 3)
    const runtime = join(folder, 'scripts', 'runtime')
    assert.deepEqual(calls(folder), [`${runtime} ci --no-audit --no-fund --loglevel=error --include=optional --include=dev`])
  })

  test('names the way out when there is no pinned one for this machine', async () => {
    const folder = project({ installed: true })
    const preload = oldNode(folder)
    writeFileSync(preload, `${readFileSync(preload, 'utf8')}\nObject.defineProperty(process, 'platform', { value: 'sunos' })`)
    const child = spawn(process.execPath, ['--require', preload, 'scripts/with-node.cjs', 'script.mjs'], { cwd: folder, stdio: 'pipe' })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 2)
    assert.match(stderr, /this is Node 20\.20\.2, and there is no pinned one for sunos .*Install a newer Node/)
  })
})

suite('the program', () => {
  const bin = join(root, 'bin', 'squall.js')

  test('on an old Node says one sentence and refuses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gate-'))
    folders.push(folder)
    const preload = join(folder, 'old.cjs')
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: '22.18.0' })`)
    const child = spawn(process.execPath, ['--require', preload, bin, '--version'], { stdio: 'pipe' })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 2)
    assert.match(stderr, /^squall: Squall needs Node 22\.19 or newer; this is Node 22\.18\.0\.\n/)
  })

  test('starts through a link, as npm installs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'link-'))
    folders.push(folder)
    symlinkSync(bin, join(folder, 'squall'))
    const child = spawn(join(folder, 'squall'), ['faults'], {
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 0)
    assert.match(stdout, /\bpause\b/)
  })

  test('ends quietly when nobody reads a list any more', async () => {
    const child = spawn(process.execPath, [bin, 'faults'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.stdout.destroy()
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })
})
