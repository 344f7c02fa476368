/** What the engine says about one container. */
import { SquallError } from '../../errors.ts'
import type { Target } from '../injector.ts'
import type { EngineAddress } from './docker-address.ts'
import { type Engine, isGone, openEngine } from './engine.ts'
import { factsOf } from './find.ts'

export interface EndpointSettings {
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] } | null
  Links: string[] | null
  Aliases: string[] | null
  NetworkID: string
  IPAddress: string
  GlobalIPv6Address: string
  MacAddress: string
  DriverOpts: Record<string, string> | null
}

export interface Inspected {
  Id: string
  Name: string
  State: { Status: string; Running: boolean; Paused: boolean; Restarting: boolean; Pid: number; ExitCode: number; StartedAt: string }
  HostConfig: {
    AutoRemove: boolean
    RestartPolicy: { Name: string; MaximumRetryCount: number }
    NetworkMode: string
    NanoCpus: number
    CpuQuota: number
    CpuPeriod: number
    Memory: number
    MemorySwap: number
    MemoryReservation: number
    PidsLimit: number | null
  }
  Config: { StopSignal?: string; StopTimeout?: number | null; Labels: Record<string, string> | null }
  NetworkSettings: { Networks: Record<string, EndpointSettings> }
}

/** Which container, at which engine: plain data, part of a fault's state. */
export type ContainerPlace = {
  id: string
  name: string
  engine: EngineAddress
  /** Its first process, where that was found out before: in a helper container, which has no way to the engine. */
  firstPid?: number
}

export function placeOf(target: Target): ContainerPlace {
  const { id, name, engine, firstPid } = factsOf(target)
  return { id, name, engine, ...(firstPid !== undefined && { firstPid }) }
}

export function engineOf({ engine }: ContainerPlace): Engine {
  return openEngine(engine)
}

/** Null when it has been removed. */
export async function inspect(place: ContainerPlace): Promise<Inspected | null> {
  try {
    return await engineOf(place).call<Inspected>('GET', `/containers/${place.id}/json`)
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** For a plan: it must be there and run. @throws SquallError `no-target` */
export async function inspectRunning(place: ContainerPlace): Promise<Inspected> {
  const found = await inspect(place)
  if (!found) throw new SquallError('no-target', `the container ${place.name} is gone`)
  if (!found.State.Running || found.State.Paused) throw new SquallError('no-target', `the container ${place.name} is ${found.State.Status}`)
  return found
}
