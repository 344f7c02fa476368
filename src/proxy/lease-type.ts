/** How faults are put into a proxy, whichever: ours over its control socket, or one of a Toxiproxy server over its API. */
import type { FaultStatus, ProxyFault, ProxyStatus } from './fault.ts'

export interface ProxyLease {
  /**
   * What to know before anything is put: how this proxy does it differently from what was asked. Changes nothing.
   * @throws SquallError for what it cannot do
   */
  check?(faults: readonly ProxyFault[]): Promise<string[]>
  /** At the end of what is there, or in place of the one with this id. `until`: ms since the epoch, when a proxy of ours ends it by itself. */
  put(faults: readonly ProxyFault[], holder: string, until: number): Promise<void>
  /** Those that are not there are no mistake. */
  remove(ids: readonly string[]): Promise<void>
  status(): Promise<SeenStatus>
  /** Why one of these is not ours any more: others changed or removed it, and it is left as it is. As of the last status or remove. */
  changed?(ids: readonly string[]): string | undefined
  close(): void
}

/** What can be told of a proxy; of a foreign one that is little, and what it does not tell is absent. */
export type SeenStatus = Pick<ProxyStatus, 'name' | 'listen' | 'upstream' | 'carries' | 'accepting'> &
  Partial<Omit<ProxyStatus, 'faults'>> & { faults: SeenFault[] }

export type SeenFault = Pick<FaultStatus, 'fault'> & Partial<FaultStatus>
