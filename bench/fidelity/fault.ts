/** Holds a fault at this machine until its standard input ends, as the guardian of a run does. Argument: {type, spec, narrowing} as JSON. */
import { injectors } from '../../src/catalogue.ts'
import type { Context, Json } from '../../src/faults/injector.ts'
import { readTo } from '../../src/faults/packets/to.ts'

const asked = JSON.parse(process.argv[2] ?? '') as { type: string; spec: object; narrowing: { to?: string; interface?: string } }
const injector = injectors.find(({ type, places }) => type === asked.type && places.includes('host'))
if (!injector) throw new Error(`no fault ${asked.type} at a host`)
const to = asked.narrowing.to === undefined ? undefined : readTo(asked.narrowing.to)
if (to?.ok === false) throw new Error(`to: ${asked.narrowing.to}`)
const context: Context<Json> = {
  mark: `fidelity-${process.pid}/1`,
  deadline: new Date(Date.now() + 120_000),
  signal: new AbortController().signal,
  folder: '/',
  log: () => {},
  secret: (name) => Promise.reject(new Error(name)),
  random: Math.random,
  save: () => Promise.resolve(),
}
const narrowing = { ...asked.narrowing, ...(to && { to: to.value }) } as unknown as Json
const target = { place: 'host', id: 'local', name: 'this host', facts: { narrowing } } as const
const { state } = await injector.plan(asked.spec, target, context)
try {
  await injector.inject(state, context)
  process.stdout.write('injected\n')
  for await (const _ of process.stdin);
} finally {
  await injector.rollback(state, context)
}
