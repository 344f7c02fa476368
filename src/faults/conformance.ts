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
  /** What the dials are moved to, one after the other; needed when the injector has dials. */
  doses?: Record<string, number>[]
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
      name: 'it says which of its parameters are dials, and can move them',
      run: () =>
        onStage(({ world }) => {
          const dials = injector.dials ?? []
          ok(dials.length === 0 || injector.adjust !== undefined, 'it has dials and no adjust')
          const moved = new Set((world.doses ?? []).flatMap((dose) => Object.keys(dose)))
          deepStrictEqual(
            dials.filter((dial) => !moved.has(dial)),
            [],
            'dials that the world moves nowhere: name them in its doses',
          )
          return Promise.resolve()
        }),
    },
    {
      name: 'its dials move, and it is never gone meanwhile',
      run: () =>
        onStage(async (stage) => {
          if (!injector.adjust) return
          await inject(stage)
          let moving = true
          const seen: boolean[] = []
          const watching = (async () => {
            for (; moving; await sleep(2)) seen.push(await stage.world.isThere())
          })()
          try {
            for (const dose of stage.world.doses ?? []) {
              const before = (await look(injector, stage)).dose
              await injector.adjust(stage.saved, dose, stage.context)
              ok((await look(injector, stage)).active, 'look says that it is gone')
              await until(`the dose to be ${JSON.stringify(dose)}`, async () => isNearer(await look(injector, stage), dose, before))
            }
          } finally {
            moving = false
            await watching
          }
          ok(
            seen.length > 0 && seen.every(Boolean),
            `gone in ${seen.filter((there) => !there).length} of ${seen.length} glances at the world`,
          )
          await undone(stage, throughJson(stage.change.state))
        }),
    },
    {
      name: 'killed while its dials move, it is rolled back from the planned state',
      run: () =>
        onStage(async (stage) => {
          if (!injector.adjust) return
          await inject(stage)
          const moves = (stage.world.doses ?? []).map((dose) => Promise.resolve(injector.adjust?.(stage.saved, dose, stage.context)))
          stage.stop.abort()
          await killByMark(`${stage.context.mark}/inject`)
          await Promise.race([Promise.allSettled(moves), sleep(500)])
          await undone(stage, throughJson(stage.change.state))
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

/** The dose seen is nearer to what was asked for than to what it was before. What does not tell a dose is believed. */
function isNearer({ dose }: Look, asked: Record<string, number>, before: Look['dose']): boolean {
  return Object.entries(asked).every(([name, wanted]) => {
    const [now, was] = [dose?.[name], before?.[name]]
    return now === undefined ? was === undefined : Math.abs(now - wanted) <= Math.abs(now - (was ?? now + 1))
  })
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
