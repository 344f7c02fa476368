/** Holds one user's injector in a process of its own: `module-host FILE`. */
import type { Json } from '../faults/injector.ts'
import type { ContextData, ModuleFacts } from '../faults/own/module-facts.ts'
import { seededRandom } from '../system/random.ts'
import { type Call, parsedBy, serveUserCode } from '../system/user-code-host.ts'

await serveUserCode<ModuleFacts>(process.argv[2] ?? '', {
  accept(found) {
    const needed = ['inject', 'rollback', 'look', 'plan', ...(found.dials === undefined ? [] : ['adjust'])]
    const missing = needed.filter((name) => typeof found[name] !== 'function')
    if (missing.length > 0) throw new Error(`its default export has no ${missing.join(', ')}`)
    return factsOf(found)
  },
  run(found, method, args, call) {
    const known = found[method]
    if (typeof known !== 'function') {
      if (method === 'needs') return []
      throw new Error(`the module has no ${method}`)
    }
    const own = method === 'plan' || method === 'needs' ? [parsedBy(found.spec, args[0]), ...args.slice(1)] : args
    return known.apply(found, call ? [...own, contextFor(call)] : own)
  },
})

function factsOf(found: Record<string, unknown>): ModuleFacts {
  const patience = found.patience as ModuleFacts['patience']
  return {
    type: String(found.type ?? 'own'),
    instant: found.instant === true,
    dials: Array.isArray(found.dials) ? found.dials.map(String) : [],
    ...(typeof found.settle === 'string' ? { settle: found.settle } : {}),
    ...(patience ? { patience } : {}),
  }
}

function contextFor({ data, signal, log, ask }: Call): Record<string, unknown> {
  const { mark, deadline, folder } = data as ContextData
  return {
    mark,
    deadline: new Date(deadline),
    folder,
    signal,
    log,
    secret: (name: string) => ask('secret', name),
    // `random` is not a promise in the contract: seeded by the mark, so the same run picks the same.
    random: seededRandom([...mark].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)),
    save: (state: Json) => ask('save', state),
  }
}
