import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuardianClient } from '../../src/guardian/client.ts'
import type { ChangeSummary, FromGuardian, ToGuardian } from '../../src/guardian/protocol.ts'
import { createFaultControl, type FaultControl } from '../../src/run/fault-control.ts'

const summary: ChangeSummary = {
  ...{ key: 'busy', fault: 'busy', type: 'cpu', target: 'this host', does: 'keep it busy', undoes: 'end it' },
  ramp: { over: 10_000, dials: { load: { from: 0.1, to: 0.5, unit: 'share' } } },
}

function controlled(): { control: FaultControl; sent: ToGuardian[]; say(...messages: FromGuardian[]): void } {
  const sent: ToGuardian[] = []
  let now = 0
  const control = createFaultControl({
    faults: [{ name: 'busy', type: 'cpu', after: 0, spec: { load: 0.1 } }],
    at: () => now,
    isInstant: () => false,
    onChange: () => {},
    onRollingBack: () => {},
    onProxyDied: () => {},
    onClosed: () => {},
  })
  control.attach({ changes: [summary], send: (message: ToGuardian) => void sent.push(message) } as unknown as GuardianClient)
  const say = (...messages: FromGuardian[]): void => {
    for (const message of messages) {
      now += 1000
      control.receive(message)
    }
  }
  return { control, sent, say }
}

const state = (name: 'injecting' | 'active' | 'undoing' | 'verified'): FromGuardian => ({ say: 'change', key: 'busy', state: name })
const look = (active: boolean, load?: number): FromGuardian => ({
  ...{ say: 'look', key: 'busy', look: { active, seen: active ? 'busy' : 'idle', ...(load !== undefined && { dose: { load } }) } },
  asked: { load: 0.3 },
})

test('a look is kept with what was asked while it looked; once undone nothing is asked any more', () => {
  const { control, say } = controlled()
  say(state('injecting'), state('active'), look(true, 0.28), state('undoing'), look(false), state('verified'))
  const [change] = control.changes()
  assert.deepEqual(
    change?.looks.map(({ active, asked, dose }) => [active, asked, dose]),
    [
      [true, { load: 0.3 }, { load: 0.28 }],
      [false, undefined, undefined],
    ],
  )
  assert.deepEqual(change?.ramp, summary.ramp)
})

test('a dial that cannot be moved makes the fault weak', () => {
  const { control, say } = controlled()
  say(state('injecting'), state('active'), { say: 'not adjusted', key: 'busy', why: 'nobody listens' })
  assert.equal(control.changes()[0]?.weak, 'it could not be adjusted: nobody listens')
})

test('each time is asked for by itself, and answered by itself', async () => {
  const { control, sent, say } = controlled()
  for (const round of [0, 1]) {
    const injecting = control.inject('busy')
    say({ say: 'replanned', fault: 'busy', changes: [summary], planned: 1 }, state('injecting'), state('active'), {
      say: 'injected',
      fault: 'busy',
    })
    assert.equal(await injecting, null)
    assert.deepEqual(control.states('busy'), ['active'])
    assert.equal(control.allInactive(), false)
    say(state('undoing'), look(false), state('verified'))
    assert.equal(control.allInactive(), true)
    assert.equal(control.changes()[0]?.earlier?.length ?? 0, round)
  }
  assert.deepEqual(sent, [
    { say: 'inject', fault: 'busy' },
    { say: 'inject', fault: 'busy' },
  ])
  assert.equal(control.firstInjectingAt, 2000, 'the phase began with the first')
})
