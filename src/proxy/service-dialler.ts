/** Connections to the service of one caller: one, and another in its place when the service has ended it too early. */
import type { Socket } from 'node:net'
import type { Address } from './address.ts'
import { type EndEvents, serviceEnd } from './socket-end.ts'

export interface ServiceEvents extends EndEvents {
  connected(): void
  notConnected(error: Error): void
}

/** Dials in the background. What still comes from an earlier connection is not told any more. */
export function serviceDialler(upstream: Address): (events: ServiceEvents) => Socket {
  let current: Socket | undefined
  return (events) => {
    const before = current
    let connected = false
    const isNow = (): boolean => socket === current
    const socket: Socket = serviceEnd(
      upstream,
      {
        receive: (bytes, whole) => (isNow() ? events.receive(bytes, whole) : 'passed'),
        ended: () => void (isNow() && events.ended()),
        failed: (error) => void (isNow() && (connected ? events.failed(error) : events.notConnected(error))),
        drained: () => void (isNow() && events.drained()),
        closed: () => void (isNow() && events.closed()),
      },
      () => {
        connected = true
        if (isNow()) events.connected()
      },
    )
    current = socket
    before?.destroy()
    return socket
  }
}
