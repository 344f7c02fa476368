/** Holds a fault at this machine, or at a container, until its standard input ends, as the guardian of a run does. Argument: {type, spec, narrowing, container} as JSON. */
import { injectors } from '../../src/catalogue.ts'
import type { Context, Json } from '../../src/faults/injector.ts'
import { readTo } from '../../src/faults/packets/to.ts'

interface Asked {
  type: string
  spec: object
  narrowing: { to?: string; interface?: string }
  container: { id: string; name: string; url: string } | null
}

const asked = JSON.parse(process.argv[2] ?? '') as Asked
const place = asked.container ? 'container' : 'host'
const injector = injectors.find(({ type, places }) => type === asked.type && places.includes(place))
if (!injector) throw new Error(`no fault ${asked.type} at a ${place}`)
const to = asked.narrowing.to === undefined ? undefined : readTo(asked.narrowing.to)
if (to?.ok === false) throw new Error(`to: ${asked.narrowing.to}`)
let saved: Json
const context: Context<Json> = {
  mark: `fidelity-${process.pid}/1`,
  deadline: new Date(Date.now() + 120_000),
  signal: new AbortController().signal,
  folder: '/',
  log: () => {},
  secret: (name) => Promise.reject(new Error(name)),
  random: Math.random,
  save(state) {
    saved = state
    return Promise.resolve()
  },
}
const narrowing = { ...asked.narrowing, ...(to && { to: to.value }) } as unknown as Json
const { id = 'local', name = 'this host', url = '' } = asked.container ?? {}
const target = { place, id, name, facts: asked.container ? { id, name, image: '', labels: {}, engine: { url } } : { narrowing } } as const
const { state } = await injector.plan(asked.spec, target, context)
saved = state
try {
  await injector.inject(state, context)
  process.stdout.write('injected\n')
  for await (const _ of process.stdin);
} finally {
  await injector.rollback(saved, context)
}
