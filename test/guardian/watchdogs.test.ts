import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { startWatchdogs, type WatchdogOptions } from '../../src/guardian/watchdogs.ts'
import { bootMs } from '../../src/system/clock.ts'
import { until } from '../helpers/processes.ts'

function watched(options: Partial<WatchdogOptions>): { told: string[] } & ReturnType<typeof startWatchdogs> {
  const told: string[] = []
  const tell = (what: string) => (): void => {
    told.push(what)
  }
  const dogs = startWatchdogs({
    heartbeatLost: 60_000,
    deadlineBoot: bootMs() + 60_000,
    ...{ onLost: tell('lost'), onDeadline: tell('deadline'), onSlept: tell('slept'), onSecond: tell('second') },
    ...options,
  })
  return { told, ...dogs }
}

describe('a guardian acts unasked', { concurrency: true }, () => {
  test('when the runner is silent for too long, and not a moment before', async (t) => {
    const { told, stop, beat } = watched({ heartbeatLost: 700 })
    t.after(stop)
    for (let i = 0; i < 6; i++) {
      beat()
      await pass(200)
    }
    assert.equal(told.includes('lost'), false, 'it was told each 200 ms that the runner is there')
    await until('the silence to be noticed', () => told.includes('lost'), 2_000)
  })

  test('when the deadline has passed', async (t) => {
    const { told, stop } = watched({ deadlineBoot: bootMs() + 400 })
    t.after(stop)
    assert.equal(told.length, 0)
    await until('the deadline to be noticed', () => told.includes('deadline'), 2_000)
  })

  test('each second, and never after it was stopped', async (t) => {
    const { told, stop } = watched({})
    t.after(stop)
    await until('a second to be told', () => told.length === 1, 5_000)
    stop()
    await pass(1_100)
    assert.deepEqual(told, ['second'])
  })
})

test('having stood still itself, it first hears what the runner said meanwhile', async (t) => {
  const { told, stop, beat } = watched({ heartbeatLost: 900 })
  t.after(stop)
  const end = Date.now() + 1_100
  while (Date.now() < end); // As after SIGSTOP: timers are late, messages wait in the pipe.
  await pass(300)
  assert.equal(told.includes('lost'), false)
  beat()
  await pass(300)
  assert.equal(told.includes('lost'), false)
})
