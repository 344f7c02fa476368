/** All proxies of the server, and every change that the API makes to them. Changes of one proxy follow each other; different ones do not wait. */
import { monotonicMs } from '../../system/clock.ts'
import { ApiError } from './answer.ts'
import {
  inOrder,
  type ProxySpec,
  parseBody,
  proxiesToPopulate,
  proxyToCreate,
  proxyUpdate,
  toxicToAdd,
  toxicUpdate,
  writtenProxy,
  writtenToxic,
} from './bodies.ts'
import type { Writable } from './json-write.ts'
import { type ServedProxy, type Surroundings, servedProxy } from './served-proxy.ts'
import type { Toxic } from './toxics.ts'

/** One call may spend 700 ms on resolving names. */
const deadline = (): number => monotonicMs() + 700

type Written = { [name: string]: Writable }

export interface Collection {
  list(): ReadonlyMap<string, Written>
  show(name: string): Written
  create(body: Buffer): Promise<Written>
  update(name: string, body: Buffer): Promise<Written>
  remove(name: string): Promise<void>
  /** Those that were done, and what ended it. */
  populate(body: Buffer): Promise<{ done: Written[]; error: unknown }>
  reset(): Promise<void>
  toxics(name: string): Written[]
  toxic(name: string, toxic: string): Written
  addToxic(name: string, body: Buffer): Promise<Written>
  updateToxic(name: string, toxic: string, body: Buffer): Promise<Written>
  removeToxic(name: string, toxic: string): Promise<void>
  /** Puts what a file has; a proxy that is there already with this listener and upstream keeps its own toxics. */
  add(spec: ProxySpec, toxics: readonly Toxic[]): Promise<void>
  /** Puts what was kept back; a listener that is taken leaves its proxy stopped, and is told. */
  restore(spec: ProxySpec, toxics: readonly Toxic[]): Promise<void>
  /** Of all, for the state file. */
  kept(): { spec: ProxySpec; toxics: readonly Toxic[] }[]
  /** All listeners and connections go; nothing is said to have changed. */
  stop(): Promise<void>
}

/** `changed` is called after each change, and the call ends when what it returns does. */
export function collection(surroundings: Surroundings, changed: () => Promise<void>): Collection {
  const proxies = new Map<string, ServedProxy>()
  const oneAtATime = queues()

  const get = (name: string): ServedProxy => {
    const proxy = proxies.get(name)
    if (!proxy) throw new ApiError('proxy not found', 404)
    return proxy
  }
  const written = ({ spec, toxics }: ServedProxy): Written => writtenProxy(spec, toxics)
  const toxicOf = (proxy: ServedProxy, name: string): Toxic => {
    const toxic = proxy.toxics.find((one) => one.name === name)
    if (!toxic) throw new ApiError('toxic not found', 404)
    return toxic
  }
  /** Changes one proxy; what has happened before an error is kept as well. */
  const change = <T>(name: string, act: () => Promise<T> | T): Promise<T> =>
    oneAtATime(name, async () => {
      try {
        return await act()
      } finally {
        await changed()
      }
    })

  const begin = async (spec: ProxySpec, until: number): Promise<ServedProxy> => {
    const proxy = servedProxy(spec, surroundings)
    if (spec.enabled) await proxy.start(until)
    proxies.set(spec.name, proxy)
    return proxy
  }
  /** One item of /populate: what is there already with this listener and upstream is left alone, whether enabled or not. */
  const createOrReplace = async (spec: ProxySpec, until: number): Promise<ServedProxy> => {
    const there = proxies.get(spec.name)
    if (!there) return begin(spec, until)
    if ((await there.differs(spec, until)) === false) return there
    await there.stop()
    return begin(spec, until)
  }

  return {
    list: () =>
      new Map(
        [...proxies].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([name, proxy]) => [name, written(proxy)]),
      ),
    show: (name) => written(get(name)),
    create: async (body) => {
      const spec = proxyToCreate(parseBody(body))
      return change(spec.name, async () => {
        if (proxies.has(spec.name)) throw new ApiError('proxy already exists', 409)
        return written(await begin(spec, deadline()))
      })
    },
    update: (name, body) =>
      change(name, async () => {
        const proxy = get(name)
        const wanted = proxyUpdate(parseBody(body), proxy.spec)
        const until = deadline()
        const differs = await proxy.differs(wanted, until)
        // Clients name the wildcard as they know it with every change: that is no reason to end connections.
        if (differs === true || !wanted.enabled) await proxy.stop()
        if (differs !== false && !proxy.spec.enabled) proxy.move(wanted.listen, wanted.upstream)
        if (wanted.enabled) await proxy.start(until)
        return written(proxy)
      }),
    remove: (name) =>
      change(name, async () => {
        await get(name).stop()
        proxies.delete(name)
      }),
    async populate(body) {
      const done: ServedProxy[] = []
      // Written at the end: one that a later item has replaced is stopped by then.
      const result = (error: unknown): { done: Written[]; error: unknown } => ({ done: done.map(written), error })
      try {
        const until = deadline()
        for (const spec of proxiesToPopulate(parseBody(body))) {
          done.push(await oneAtATime(spec.name, () => createOrReplace(spec, until)))
        }
        return result(null)
      } catch (error) {
        return result(error)
      } finally {
        await changed() // Once for all of them.
      }
    },
    async reset() {
      const until = deadline()
      const failed: unknown[] = []
      for (const name of [...proxies.keys()]) {
        await oneAtATime(name, async () => {
          const proxy = proxies.get(name)
          for (const toxic of proxy?.toxics ?? []) proxy?.remove(toxic.name)
          await proxy?.start(until)
        }).catch((error: unknown) => failed.push(error))
      }
      await changed()
      if (failed.length > 0) throw failed[0] as Error
    },
    toxics: (name) => inOrder(get(name).toxics).map(writtenToxic),
    toxic: (name, toxic) => writtenToxic(toxicOf(get(name), toxic)),
    addToxic: (name, body) =>
      change(name, () => {
        const proxy = get(name)
        const toxic = toxicToAdd(parseBody(body), (one) => proxy.toxics.some((there) => there.name === one))
        proxy.put(toxic)
        return writtenToxic(toxic)
      }),
    updateToxic: (name, toxic, body) =>
      change(name, () => {
        const proxy = get(name)
        const now = toxicOf(proxy, toxic) // Before the body is looked at: an unknown one is told first.
        const updated = toxicUpdate(parseBody(body), now)
        proxy.put(updated)
        return writtenToxic(updated)
      }),
    removeToxic: (name, toxic) =>
      change(name, () => {
        if (!get(name).remove(toxic)) throw new ApiError('toxic not found', 404)
      }),
    add: (spec, toxics) =>
      change(spec.name, async () => {
        const before = proxies.get(spec.name)
        const proxy = await createOrReplace(spec, deadline())
        if (proxy !== before) for (const toxic of toxics) proxy.put(toxic)
      }),
    async restore(spec, toxics) {
      const proxy = servedProxy(spec, surroundings)
      for (const toxic of toxics) proxy.put(toxic)
      proxies.set(spec.name, proxy)
      if (!spec.enabled) return
      await proxy.start(deadline()).catch((error: Error) => {
        const { name, listen, upstream } = spec
        surroundings.log('error', 'A proxy of the state file does not start', { name, listen, upstream, error: error.message })
      })
    },
    kept: () => [...proxies.values()].map(({ spec, toxics }) => ({ spec, toxics })),
    async stop() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.stop()))
    },
  }
}

/** Runs what is given under one name in the order in which it came. */
function queues(): <T>(name: string, act: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (name, act) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(act, act)
    const settled = turn
      .catch(() => {})
      .finally(() => {
        if (last.get(name) === settled) last.delete(name)
      })
    last.set(name, settled)
    return turn
  }
}
