import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** Runs a module whose standard output is a FIFO that nobody reads until it has ended; gives its exit code and what came through. */
async function unread(source: string): Promise<{ code: number | null; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-terminal-'))
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const fd = openSync(fifo, constants.O_RDWR)
  try {
    const module = `import { nonBlockingWriter } from ${JSON.stringify(join(import.meta.dirname, '../../src/system/terminal.ts'))}\n${source}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', module], { stdio: ['ignore', fd, 'inherit'], timeout: 20_000 })
    const [code] = (await once(child, 'exit')) as [number | null]
    const bytes = Buffer.alloc(1024 * 1024)
    return { code, text: bytes.toString('utf8', 0, readSync(fd, bytes)) }
  } finally {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  }
}

test('what nobody reads does not keep the process from ending, whatever is under way when it closes', { timeout: 30_000 }, async () => {
  const { code, text } = await unread(`
    const writer = nonBlockingWriter(1, () => { process.exitCode = 3 })
    writer.line('x'.repeat(500_000))
    await writer.drain(100)
    writer.line('one more, whose write is under way now')
    writer.close()
    writer.close()
  `)
  assert.equal(code, 0)
  assert.match(text, /^x+$/)
})

test('lines come in order and whole as long as there is room', { timeout: 30_000 }, async () => {
  const { code, text } = await unread(`
    const writer = nonBlockingWriter(1, () => {})
    for (let n = 0; n < 100; n++) writer.line('line ' + n)
    await writer.drain(5_000)
    writer.close()
  `)
  assert.equal(code, 0)
  assert.equal(text, Array.from({ length: 100 }, (_, n) => `line ${n}\n`).join(''))
})
