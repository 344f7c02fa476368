/** A process that injects one fault into a container and may be killed meanwhile. Prints each state that it saves. */
import { disconnect } from '../../../src/faults/container/disconnect.ts'
import type { EngineAddress } from '../../../src/faults/container/docker-address.ts'
import { openEngine } from '../../../src/faults/container/engine.ts'
import { pauseContainer } from '../../../src/faults/container/pause.ts'
import { stop } from '../../../src/faults/container/stop.ts'
import type { AnyInjector } from '../../../src/faults/injector.ts'

/** A guardian has asked the engine before, at its plan: which version it speaks is known. */
const [type, mark = '', state = ''] = process.argv.slice(2)
const injector = [stop, pauseContainer, disconnect].find((one) => one.type === type) as AnyInjector
await openEngine((JSON.parse(state) as { engine: EngineAddress }).engine).call('GET', '/info')
await injector.inject(JSON.parse(state), {
  mark,
  deadline: new Date(),
  signal: new AbortController().signal,
  folder: '/',
  log: () => {},
  secret: () => Promise.reject(new Error('none')),
  random: () => 0,
  save(saved) {
    process.stdout.write(`${JSON.stringify(saved)}\n`)
    return Promise.resolve()
  },
})
