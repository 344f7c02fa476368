/** What happens to connections as a whole, by the faults that are put: the strongest one counts. */
import type { ConnectionFault } from './fault.ts'
import type { PutFault } from './put-fault.ts'

const strongest = ['refuse', 'hang', 'reset', 'close', 'stall'] as const

/** Null: new connections are served. */
export function newcomers(faults: readonly PutFault[]): { how: NonNullable<ConnectionFault['new']>; put: PutFault } | null {
  for (const how of strongest) {
    const put = faults.find(({ fault }) => fault.is === 'connections' && fault.new === how)
    if (put) return { how, put }
  }
  return null
}
