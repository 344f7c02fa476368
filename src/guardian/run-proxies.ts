/** The proxies of a run: started or adopted when it is armed, held while it goes on, started anew when one dies. */
import type { ProxySpec } from '../document/experiment.ts'
import { type OpenedProxy, openProxy } from '../proxy/life/open.ts'
import type { ProxyTask } from '../proxy/life/protocol.ts'
import { sleep } from '../system/clock.ts'
import type { ArmRequest, RunProxy } from './protocol.ts'

export interface RunProxies {
  /** As they are now. */
  all(): RunProxy[]
  /** The run is refused: what was started for it ends again, unless another run has it by now. */
  giveUp(): Promise<void>
  /** The run is over. They stay: services point at them. */
  release(): void
}

export interface RunProxiesOptions {
  request: Pick<ArmRequest, 'run' | 'experiment' | 'state' | 'proxies'>
  log(line: string): void
  /** Its process is dead. `again`: the one that listens there now, without any faults; null: none does so far, and why. */
  onDied(dead: RunProxy, again: RunProxy | null, why: string): void
}

interface Kept extends OpenedProxy {
  task: ProxyTask
}

/** ms between two tries to start one again, and how many of them before it is told that it does not work: what it has left may hold the port for a moment. */
const againAfter = 200
const quietTries = 15

/**
 * All of them at once; those of a Toxiproxy server are not ours to start.
 * @throws SquallError of the first that cannot be had; nothing that was started is left then
 */
export async function openRunProxies({ request, log, onDied }: RunProxiesOptions): Promise<RunProxies> {
  const { state, run, experiment } = request
  let over = false
  const kept: Kept[] = []

  async function take(task: ProxyTask): Promise<Kept> {
    const opened = await openProxy(task, state)
    await opened.lease.hold(run)
    log(`proxy ${task.name}: ${opened.adopted ? 'adopted' : 'started'}, pid ${opened.lease.hello.pid}`)
    return { ...opened, task }
  }

  function watch(one: Kept): void {
    one.lease.onEnd(() => {
      if (!over) void startAgain(one)
    })
  }

  async function startAgain(one: Kept): Promise<void> {
    const dead = shown(one)
    for (let tries = 0; !over; tries++) {
      try {
        const next = await take(one.task)
        if (over) return next.lease.close()
        const samePid = next.lease.hello.pid === dead.pid
        Object.assign(one, next)
        watch(one)
        if (!samePid) onDied(dead, shown(one), 'its process has ended')
        return
      } catch (error) {
        log(`proxy ${one.task.name}: ${(error as Error).message}`)
        if (tries === quietTries) onDied(dead, null, (error as Error).message)
        await sleep(againAfter)
      }
    }
  }

  async function giveUp(): Promise<void> {
    over = true
    await Promise.all(
      kept.map(async ({ lease, adopted, task }) => {
        if (!adopted) await lease.stop('held').catch((error: Error) => log(`proxy ${task.name} stays: ${error.message}`))
        lease.close()
      }),
    )
  }

  const results = await Promise.allSettled(request.proxies.flatMap((spec) => taskOf(spec, { run, experiment }) ?? []).map(take))
  for (const result of results) if (result.status === 'fulfilled') kept.push(result.value)
  const refused = results.find((result) => result.status === 'rejected')
  if (refused) {
    await giveUp()
    throw refused.reason
  }
  for (const one of kept) watch(one)
  return {
    all: () => kept.map(shown),
    giveUp,
    release() {
      over = true
      for (const { lease } of kept) lease.close()
    },
  }
}

function taskOf(proxy: ProxySpec, startedBy: ProxyTask['startedBy']): ProxyTask | null {
  if (!('listen' in proxy)) return null
  const { name, listen, upstream, carries } = proxy
  return { name, listen, upstream, carries, startedBy }
}

function shown({ task, lease, adopted }: Kept): RunProxy {
  const { name, listen, upstream } = task
  return { name, listen, upstream, pid: lease.hello.pid, adopted }
}
