/** Every injector goes through the same suite, on the real thing. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type ConformanceOptions, testInjector, type World } from '../../src/faults/conformance.ts'
import { cpu } from '../../src/faults/host/cpu.ts'
import type { AnyInjector } from '../../src/faults/injector.ts'
import { command } from '../../src/faults/own/command.ts'
import { openModuleInjector } from '../../src/faults/own/module.ts'
import { findProcesses } from '../../src/faults/process/find.ts'
import { kill } from '../../src/faults/process/kill.ts'
import { pause } from '../../src/faults/process/pause.ts'
import { listPids, readCommandLine } from '../../src/system/proc.ts'
import { startVictim, stateOf } from '../helpers/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-conformance-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function suite(name: string, injector: AnyInjector, options: ConformanceOptions): void {
  describe(name, () => {
    for (const check of testInjector(injector, { folder, ...options })) test(check.name, check.run)
  })
}

suite('pause', pause, {
  async world(): Promise<World> {
    const victim = await startVictim()
    return { target: await victim.target(), spec: {}, isThere: () => stateOf(victim.pid) === 'T', destroy: victim.end, cleanUp: victim.end }
  },
})

suite('kill, for good', kill, {
  async world() {
    const victim = await startVictim()
    return { target: await victim.target(), spec: {}, isThere: () => !'SR'.includes(stateOf(victim.pid) || '-'), cleanUp: victim.end }
  },
})

suite('kill, with a program that starts it again', kill, {
  async world() {
    const victim = await startVictim()
    const alike = (): ReturnType<typeof findProcesses> => findProcesses({ labels: { test: victim.label } })
    return {
      target: await victim.target(),
      spec: { restart: ['sleep', '300'] },
      isThere: () => alike().length === 0,
      async cleanUp() {
        await victim.end()
        for (const { stat } of alike()) process.kill(stat.pid, 'SIGKILL')
      },
    }
  },
})

suite('cpu', cpu, {
  world: () =>
    Promise.resolve({
      target: { place: 'host' as const, id: 'local', name: 'this host', facts: {} },
      spec: { load: 0.1, cores: 1 },
      isThere: () => listPids().some((pid) => readCommandLine(pid)?.some((word) => word.includes('cpu-worker'))),
      cleanUp: () => {},
    }),
})

let files = 0
function fileWorld(spec: (file: string) => unknown): () => Promise<World> {
  return () => {
    const file = join(folder, `flag-${++files}`)
    const remove = (): void => rmSync(file, { force: true })
    return Promise.resolve({
      target: { place: 'none', id: 'own', name: 'own', facts: {} },
      spec: spec(file),
      isThere: () => existsSync(file),
      destroy: remove,
      cleanUp: remove,
    })
  }
}

suite('command', command, {
  world: fileWorld((file) => ({ inject: ['touch', file], rollback: ['rm', '-f', file], check: ['test', '-e', file] })),
})

const moduleFile = join(folder, 'own-fault.ts')
writeFileSync(
  moduleFile,
  `import { existsSync, rmSync, writeFileSync } from 'node:fs'
interface State { file: string }
export default {
  type: 'flag',
  places: ['none'],
  needs: () => [],
  plan: async (spec: State) => ({ state: { file: spec.file }, does: 'write ' + spec.file, undoes: 'remove ' + spec.file }),
  inject: async (state: State) => writeFileSync(state.file, ''),
  rollback: async (state: State) => rmSync(state.file, { force: true }),
  look: async (state: State) => ({ active: existsSync(state.file), seen: state.file }),
}
`,
)
const open = (): ReturnType<typeof openModuleInjector> =>
  openModuleInjector({ path: moduleFile, role: 'rollback', mark: 'conformance/own', folder })
const own = await open()
const second = await open()
after(() => {
  own.close()
  second.close()
})
suite('own module', own, { world: fileWorld((file) => ({ file })), another: () => Promise.resolve(second) })
