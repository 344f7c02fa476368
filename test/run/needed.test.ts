import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Experiment } from '../../src/document/experiment.ts'
import type { AnyInjector, Need } from '../../src/faults/injector.ts'
import { mustHaveNeeded } from '../../src/run/needed.ts'

const secrets = { has: () => false } as never
const experiment = { faults: [{ name: 'first', type: 'needy', spec: {} }] } as unknown as Experiment
const needing = (...needs: Need[]): AnyInjector[] => [{ type: 'needy', places: ['none'], needs: () => needs } as unknown as AnyInjector]

suite('a run is refused before it begins', () => {
  test('when a program is missing, by its name and by that of the fault', async () => {
    const injectors = needing({ command: 'sh' }, { command: 'no-such-program' })
    const refused = { code: 'need-not-met', message: 'first needs what is not here: command no-such-program' }
    await assert.rejects(mustHaveNeeded(experiment, injectors, secrets), refused)
  })

  test('not for what is there, nor for what others tell better or nobody can tell beforehand', async () => {
    await mustHaveNeeded(experiment, needing({ command: 'sh' }, { secret: 'TOKEN' }, { reach: 'db:5432' }), secrets)
  })
})
