/** Separates those who call through a proxy from the service behind it: each kind of unreachable is another thing for a caller. */
import * as z from 'zod/mini'
import { once, says } from '../../document/schema-types.ts'
import type { ConnectionFault } from '../../proxy/fault.ts'
import type { SeenStatus } from '../../proxy/lease-type.ts'
import type { Injector } from '../injector.ts'
import { loadLeases } from './lease-of.ts'
import { differencesAt, holdsAt, lookAtFaults, type ProxyFaultState, plannedState, putFaults, removeFaults } from './put-faults.ts'

/** What a caller sees: of connections that exist, and of new ones. */
const kinds: Readonly<Record<string, Pick<ConnectionFault, 'live' | 'new'> & { does: string }>> = {
  drop: { live: 'stall', new: 'hang', does: 'let nothing through: live connections stand still, new ones get no answer' },
  reset: { live: 'reset', new: 'reset', does: 'reset every connection, live and new' },
  refuse: { live: 'close', new: 'refuse', does: 'close live connections and refuse new ones' },
  hang: { new: 'hang', does: 'give new connections no answer; live ones go on' },
  stall: { live: 'stall', new: 'stall', does: 'accept connections and pass nothing on, on live ones neither' },
  close: { live: 'close', new: 'close', does: 'close every connection, live and new' },
}

const spec = once(() =>
  z.strictObject({
    how: says(
      'What callers see. drop (the default): nothing comes through, as when packets are lost. reset: every connection is reset. refuse: nobody listens. hang: connecting times out. stall: accepted, and nothing passes. close: ended at once.',
      z.optional(z.enum(['drop', 'reset', 'refuse', 'hang', 'stall', 'close'])),
    ),
  }),
)

interface PartitionSpec {
  how?: string
}

export const partition: Injector<PartitionSpec, ProxyFaultState> = {
  type: 'partition',
  places: ['proxy'],
  holds: 'connections',
  settle: '500ms',
  get spec() {
    return says('Separates callers from the service behind a proxy.', spec()) as unknown as z.core.$ZodType<PartitionSpec>
  },
  needs: () => [],
  async plan({ how = 'drop' }, target, context) {
    await loadLeases()
    const { does, ...acts } = kinds[how] as (typeof kinds)[string]
    const fault: ConnectionFault = { is: 'connections', id: `${context.mark}/partition`, ...acts }
    return {
      state: plannedState(target, [fault], context),
      does: [`at ${target.name}, ${does}`, ...(await differencesAt(target, [fault]))].join('; '),
      undoes: `let connections through ${target.name} again${acts.live === 'stall' ? '; what stood still flows on' : ''}`,
      ...holdsAt(target, 'partition', context),
    }
  },
  inject: putFaults,
  rollback: removeFaults,
  look: (state) =>
    lookAtFaults(
      state,
      ([seen], { accepting }) => {
        const connections = seen?.acted?.connections
        const on = connections === undefined ? '' : `, ${connections} ${connections === 1 ? 'connection' : 'connections'} met it`
        return { seen: `${newWords[accepting]}${on}` }
      },
      (status, there) => acceptsOtherwise(state.faults[0] as unknown as ConnectionFault, status, there),
    ),
}

/** Listening cannot begin and end between two pieces as a stream can: it takes the proxy a moment. */
function acceptsOtherwise({ new: wanted }: ConnectionFault, { accepting, faults }: SeenStatus, there: boolean): string | null {
  if (wanted !== 'hang' && wanted !== 'refuse') return null
  const asWanted = accepting === wanted || (wanted === 'hang' && accepting === 'refuse')
  const byOthers = faults.some(({ fault }) => fault.is === 'connections' && fault.new !== undefined)
  return asWanted === (there || (byOthers && asWanted)) ? null : newWords[accepting]
}

const newWords = {
  open: 'connections are accepted',
  refuse: 'nobody listens',
  hang: 'new connections get no answer',
  paused: 'accepting is paused',
} as const
