/**
 * The conformance suite of injectors: what every one, built in or a user's own, must do. Published as `squall/test-injector`.
 * It registers nothing by itself: it returns named steps, to be run by node:test or anything else.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { monotonicMs, sleep, wallMs } from '../system/clock.ts'
import type { AnyInjector, Change, Context, Json, Look, Target } from './injector.ts'
import { killByMark } from './marks.ts'

/** One fresh piece of the world for one check. */
export interface World {
  target: Target
  spec: unknown
  /** Looks at the world without the injector: is the fault there? */
  isThere(): Promise<boolean> | boolean
  /** Makes the target disappear; leave it out where there is nothing that could. */
  destroy?(): Promise<void> | void
  /** Removes everything, whatever state it is in. */
  cleanUp(): Promise<void> | void
}

export interface ConformanceOptions {
  /** A new world each time it is called. */
  world(): Promise<World>
  /** ms to wait for an effect or its end; default 10 s. */
  patience?: number
  /** Folder for relative paths; default `/`. */
  folder?: string
  /** A second instance of the same injector, as another process would have it: rolls back what the first one did. */
  another?(): Promise<AnyInjector>
}

export interface ConformanceCheck {
  name: string
  run(): Promise<void>
}

interface Stage {
  world: World
  injector: AnyInjector
  change: Change<Json>
  context: Context<Json>
  stop: AbortController
  saved: Json
}

let runs = 0

export function testInjector(injector: AnyInjector, options: ConformanceOptions): ConformanceCheck[] {
  const patience = options.patience ?? 10_000
  const until = (what: string, test: () => Promise<boolean> | boolean): Promise<void> => waitUntil(what, test, patience)

  async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
    const world = await options.world()
    const stage = await planned(injector, world, options.folder ?? '/')
    try {
      await body(stage)
    } finally {
      stage.stop.abort()
      await killByMark(`${stage.context.mark}/inject`)
      await injector.rollback(stage.saved, stage.context).catch(() => {}) // The check has its own assertion; this only tidies up.
      await killByMark(`${stage.context.mark}/effect`)
      await world.cleanUp()
    }
  }
  const inject = async (stage: Stage): Promise<void> => {
    await injector.inject(stage.saved, stage.context)
    await until('the fault to be seen', async () => (await look(injector, stage)).active)
    if (!injector.instant) ok(await stage.world.isThere(), 'look says active, the world says it is not')
  }
  const undone = async (stage: Stage, state: Json, by = injector): Promise<void> => {
    await by.rollback(state, stage.context)
    if (stage.change.undoes === '') return
    await until('the fault to be gone', async () => !(await by.look(state, stage.context)).active)
    ok(!(await stage.world.isThere()), 'look says it is gone, the world says it is there')
  }

  return [
    {
      name: 'planning changes nothing and gives plain data, a sentence and its inverse',
      run: () =>
        onStage(async ({ change, world }) => {
          ok(!(await world.isThere()), 'planning has changed the world')
          deepStrictEqual(JSON.parse(JSON.stringify(change.state)), change.state)
          ok(change.does.length > 0)
          ok(injector.instant || change.undoes.length > 0)
        }),
    },
    { name: 'it is not active before it is injected', run: () => onStage(async (stage) => ok(!(await look(injector, stage)).active)) },
    {
      name: 'injected it is active, rolled back it is not',
      run: () => onStage(async (stage) => (await inject(stage), undone(stage, stage.saved))),
    },
    {
      name: 'injecting twice is the same as once',
      run: () =>
        onStage(async (stage) => {
          await inject(stage)
          await injector.inject(stage.saved, stage.context).catch(() => {}) // Refusing the second time is fine.
          await undone(stage, stage.saved)
        }),
    },
    {
      name: 'rolling back twice is the same as once',
      run: () => onStage(async (stage) => (await inject(stage), await undone(stage, stage.saved), undone(stage, stage.saved))),
    },
    {
      name: 'rolling back what was never injected changes nothing',
      run: () => onStage((stage) => (stage.change.undoes === '' ? Promise.resolve() : undone(stage, stage.change.state))),
    },
    {
      name: 'the planned state alone is enough to roll back',
      run: () => onStage(async (stage) => (await inject(stage), undone(stage, throughJson(stage.change.state)))),
    },
    {
      name: 'killed while injecting, it is rolled back from the planned state',
      run: () =>
        onStage(async (stage) => {
          const injecting = Promise.resolve(injector.inject(stage.saved, stage.context)).catch(() => {})
          await sleep(20)
          stage.stop.abort()
          await killByMark(`${stage.context.mark}/inject`)
          await Promise.race([injecting, sleep(500)])
          if (stage.change.undoes !== '') await undone(stage, throughJson(stage.change.state))
        }),
    },
    {
      name: 'another process can roll it back',
      run: () =>
        onStage(async (stage) => {
          await inject(stage)
          await undone(stage, throughJson(stage.change.state), options.another ? await options.another() : injector)
        }),
    },
    {
      name: 'with its target gone it neither hangs nor claims to be active',
      run: () =>
        onStage(async (stage) => {
          if (!stage.world.destroy) return
          await inject(stage)
          await stage.world.destroy()
          await injector.rollback(stage.saved, stage.context)
          if (stage.change.undoes !== '' && !injector.instant) ok(!(await look(injector, stage)).active)
        }),
    },
  ]
}

async function planned(injector: AnyInjector, world: World, folder: string): Promise<Stage> {
  const stop = new AbortController()
  const stage = { world, injector, stop, saved: null as Json } as Stage
  stage.context = {
    mark: `conformance-${process.pid}-${++runs}/${injector.type.replace(/\W/g, '')}`,
    deadline: new Date(wallMs() + 60_000),
    signal: stop.signal,
    folder,
    log: () => {},
    secret: (name) => Promise.reject(new Error(`no secret ${name}`)),
    random: () => 0.5,
    save(state) {
      stage.saved = state
      return Promise.resolve()
    },
  }
  stage.change = await injector.plan(world.spec, world.target, stage.context)
  stage.saved = stage.change.state
  return stage
}

function look(injector: AnyInjector, stage: Stage): Promise<Look> {
  return injector.look(stage.saved, stage.context)
}

function throughJson(state: Json): Json {
  return JSON.parse(JSON.stringify(state)) as Json
}

async function waitUntil(what: string, test: () => Promise<boolean> | boolean, patience: number): Promise<void> {
  const end = monotonicMs() + patience
  while (!(await test())) {
    if (monotonicMs() > end) throw new Error(`waited ${patience / 1000} s for ${what}`)
    await sleep(20)
  }
}
