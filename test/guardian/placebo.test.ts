/** The real guardian of a placebo run: it plans, and whatever the runner asks of it, it injects nothing. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startGuardian } from '../../src/guardian/client.ts'
import type { ArmRequest, FromGuardian } from '../../src/guardian/protocol.ts'
import { readStat } from '../../src/system/proc.ts'
import { until } from '../helpers/processes.ts'
import { tempFolder } from './support.ts'

function request(state: string, flag: string, placebo: boolean): ArmRequest {
  const spec = { inject: ['touch', flag], rollback: ['rm', '-f', flag], check: ['test', '-e', flag], timeout: 3000 }
  return {
    ...{ say: 'arm', run: 'r1', experiment: 'unit', documentHash: 'none', folder: '/', state, environment: 'test', seed: 1 },
    ...(placebo ? { placebo: true } : {}),
    faults: [{ name: 'flag', type: 'command', after: 0, spec }],
    proxies: [],
    ...{ lasts: { flag: 5000 }, heartbeatLost: 15_000, maxDuration: 30_000, secrets: {}, policy: {} },
    runner: { pid: process.pid, start: readStat(process.pid)?.start ?? 0 },
  }
}

/** Arms, asks for the fault, closes. What the guardian said, and whether the flag was ever there. */
async function play(placebo: boolean): Promise<{ said: FromGuardian[]; wasThere: boolean }> {
  const { folder, remove } = tempFolder()
  const flag = join(folder, 'flag')
  const state = join(folder, 'state')
  mkdirSync(join(state, 'runs', 'r1'), { recursive: true, mode: 0o700 })
  const said: FromGuardian[] = []
  const heard = (say: FromGuardian['say']): boolean => said.some((message) => message.say === say)
  const guardian = await startGuardian(request(state, flag, placebo), (message) => void said.push(message))
  try {
    assert.equal(guardian.changes.length, 1, 'it has planned')
    guardian.send({ say: 'inject', fault: 'flag' })
    await until('an answer', () => heard('failed') || heard('injected'), 10_000)
    const wasThere = existsSync(flag)
    guardian.send({ say: 'close' })
    await until('its end', () => heard('closed'), 10_000)
    return { said, wasThere }
  } finally {
    guardian.kill()
    remove()
  }
}

test('asked to inject in a placebo run it refuses; in a real one it does', async () => {
  const [placebo, real] = [await play(true), await play(false)]
  const refusal = placebo.said.find((message) => message.say === 'failed')
  assert.deepEqual(refusal?.error.code, 'not-injected')
  assert.match(refusal?.error.message ?? '', /this is a placebo run: nothing is injected/)
  assert.deepEqual([placebo.wasThere, real.wasThere], [false, true])
})
