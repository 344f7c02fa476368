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
import { listPids, readCommandLine, readEnvironment } from '../../src/system/proc.ts'
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

/** Only those of this file: the machine may be kept busy by somebody else too. */
function isOurWorker(pid: number): boolean {
  const mark = readEnvironment(pid)?.get('SQUALL_MARK')
  return (
    mark?.startsWith(`conformance-${process.pid}-`) === true && (readCommandLine(pid)?.some((word) => word.includes('cpu-worker')) ?? false)
  )
}

suite('cpu', cpu, {
  world: () =>
    Promise.resolve({
      target: { place: 'host' as const, id: 'local', name: 'this host', facts: {} },
      spec: { load: 0.1, cores: 1 },
      doses: [{ load: 0.25 }, { load: 0.05 }],
      isThere: () => listPids().some((pid) => isOurWorker(pid)),
      cleanUp: () => {},
    }),
})

let files = 0
function fileWorld(spec: (file: string) => unknown, doses: Record<string, number>[] = []): () => Promise<World> {
  return () => {
    const file = join(folder, `flag-${++files}`)
    const remove = (): void => rmSync(file, { force: true })
    return Promise.resolve({
      target: { place: 'none', id: 'own', name: 'own', facts: {} },
      spec: spec(file),
      doses,
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
  `import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
interface State { file: string; level: number }
export default {
  type: 'flag',
  places: ['none'],
  dials: ['level'],
  needs: () => [],
  plan: async (spec: State) => ({ state: { file: spec.file, level: spec.level }, does: 'write ' + spec.file, undoes: 'remove ' + spec.file }),
  inject: async (state: State) => writeFileSync(state.file, String(state.level)),
  adjust: async (state: State, dose: { level: number }) => {
    writeFileSync(state.file + '.new', String(dose.level))
    if (existsSync(state.file)) renameSync(state.file + '.new', state.file)
  },
  rollback: async (state: State) => rmSync(state.file, { force: true }),
  look: async (state: State) => existsSync(state.file)
    ? { active: true, seen: state.file, dose: { level: Number(readFileSync(state.file, 'utf8')) } }
    : { active: false, seen: state.file },
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
suite('own module', own, {
  world: fileWorld((file) => ({ file, level: 1 }), [{ level: 2 }, { level: 5 }]),
  another: () => Promise.resolve(second),
})
