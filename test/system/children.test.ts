import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runChild, startChild } from '../../src/system/children.ts'
import { becomeSpareChild, endSpareChild, keepSpareChild } from '../../src/system/spare-child.ts'
import { until } from '../helpers/processes.ts'

describe('children', () => {
  test('output, exit status and environment: only what is allowed, and the mark', async () => {
    const result = await runChild({ argv: ['sh', '-c', 'echo "$SQUALL_MARK:$NOT_ALLOWED"; echo no >&2; exit 3'], mark: 'run/fault/inject' })
    assert.deepEqual([result.code, result.stdout, result.stderr], [3, 'run/fault/inject:\n', 'no\n'])
  })
  test('a program that takes too long is ended with everything it has started', async () => {
    const result = await runChild({ argv: ['sh', '-c', 'sleep 60 & sleep 60'], timeLimit: 200 })
    assert.ok(result.timedOut)
  })
  test('too much output ends it', async () => {
    const result = await runChild({ argv: ['sh', '-c', 'yes'], outputLimit: 10_000, timeLimit: 10_000 })
    assert.ok(result.tooMuch && !result.timedOut)
    assert.ok(result.stdout.length <= 10_000)
  })
  test('a program that is not there is an exit with a reason, not a throw', async () => {
    assert.match((await runChild({ argv: ['/no/such/program'] })).failed?.message ?? '', /ENOENT/)
  })
  test('output kept open by a grandchild does not keep us waiting', async () => {
    const started = Date.now()
    const result = await runChild({ argv: ['sh', '-c', 'sleep 5 & echo done'] })
    assert.equal(result.stdout, 'done\n')
    assert.ok(Date.now() - started < 4_000)
  })
  test('it leads a session and group of its own, and memory pressure takes it first when asked', async () => {
    const child = startChild({ argv: ['sleep', '60'], oomFirst: true })
    try {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')
      assert.deepEqual([fields?.[2], fields?.[3]], [String(child.pid), String(child.pid)])
      assert.equal(readFileSync(`/proc/${child.pid}/oom_score_adj`, 'latin1').trim(), '1000')
    } finally {
      child.kill()
      await child.exited
    }
  })
})

describe('the spare child', () => {
  test('it becomes the program without a new process', async () => {
    keepSpareChild()
    const child = becomeSpareChild(['/bin/sh', '-c', 'echo "$0 $PPID $WORD"', 'spare'], '/', { PATH: '/bin:/usr/bin', WORD: 'ready' })
    assert.ok(child)
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await until('it to speak', () => said.includes('\n'))
    assert.equal(said.trim(), `spare ${process.pid} ready`)
    assert.equal(becomeSpareChild(['/bin/true'], '/', {}), null, 'there was only one')
    endSpareChild()
  })
})
