/** The demo can be stopped at any time, and nothing of it stays. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { endProcess, stateOf, until } from '../helpers/processes.ts'

const root = join(import.meta.dirname, '..', '..')

// Two at a time: each waits for a baseline. A long fault, so that it is there when the signal comes.
describe('stopping the demo while payments is frozen', { concurrency: 2, timeout: 180_000 }, () => {
  test('Ctrl-C: rolled back first, then closed; the exit code says so', async (t) => {
    const demo = await frozenDemo(t)
    process.kill(demo.pid, 'SIGINT')
    const [code] = await once(demo.child, 'exit')
    assert.equal(code, 130, demo.printed())
    assert.match(demo.printed(), /rolled back, verified by looking twice/)
    assert.deepEqual(processesOf(demo.pid), [])
  })

  test('killed: every process of the shop is gone, the frozen one too', async (t) => {
    const demo = await frozenDemo(t)
    process.kill(demo.pid, 'SIGKILL')
    await until('the shop to be gone', () => processesOf(demo.pid).length === 0)
    await until('the run to be over', () => running(demo.run()) === false, 30_000)
  })
})

interface Demo {
  child: ChildProcess
  pid: number
  printed(): string
  /** Id of the run that it shows. */
  run(): string
}

/** The demo as `npm run demo` starts it, at the moment at which payments is frozen. A busy machine may cost it a try or two. */
async function frozenDemo(t: TestContext): Promise<Demo> {
  const vars = ['--var', 'fault=60s', '--var', 'baseline=14s']
  // What a killed demo leaves is a folder with the store's data: here one that we remove.
  const folder = mkdtempSync(join(tmpdir(), 'demo-stop-'))
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, [join(root, 'scripts', 'demo.ts'), ...vars], { stdio: ['ignore', 'pipe', 'pipe'], env })
  t.after(async () => {
    await endProcess(child)
    rmSync(folder, { recursive: true, force: true })
  })
  const pid = child.pid as number
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  const frozen = (): boolean => processesOf(pid).some((one) => one.labels.includes('service=payments') && stateOf(one.pid) === 'T')
  await until(`payments to be frozen`, () => frozen() || child.exitCode !== null, 120_000)
  assert.equal(child.exitCode, null, text)
  return { child, pid, printed: () => text, run: () => [...text.matchAll(/run (\S+) {2}payments-freeze/g)].at(-1)?.[1] ?? '' }
}

/** Live processes that carry the labels of the shop which this demo has opened. */
function processesOf(demo: number): { pid: number; labels: string }[] {
  return processes('environ')
    .filter(({ text }) => text.includes(`SQUALL_LABELS=app=shop-${demo}-`))
    .map(({ pid, text }) => ({ pid, labels: text }))
}

/** Whether a guardian of this run is still at work. */
function running(run: string): boolean {
  assert.notEqual(run, '')
  return processes('cmdline').some(({ text }) => text.includes(run))
}

function processes(file: 'environ' | 'cmdline'): { pid: number; text: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !['', 'Z'].includes(stateOf(Number(name))))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), text: readFileSync(join('/proc', name, file), 'latin1') }]
      } catch {
        return [] // Ended meanwhile, or not ours to read.
      }
    })
}
