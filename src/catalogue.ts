/** Everything Squall can do, in one list, handed to the parts that need it. Imported by cli, server, entries and index only. */

import type { DocumentCatalogue } from './document/document-catalogue.ts'
import type { Able } from './faults/able.ts'
import { able as containers } from './faults/container/able.ts'
import { cpuOfContainer } from './faults/container/cpu.ts'
import { disconnect } from './faults/container/disconnect.ts'
import { diskOfContainer } from './faults/container/disk.ts'
import { dnsOfContainer } from './faults/container/dns.ts'
import { ioOfContainer } from './faults/container/io.ts'
import { killContainer } from './faults/container/kill.ts'
import { limits } from './faults/container/limits.ts'
import { memoryOfContainer } from './faults/container/memory.ts'
import { networkOfContainer } from './faults/container/network.ts'
import { partitionOfContainer } from './faults/container/partition.ts'
import { pauseContainer } from './faults/container/pause.ts'
import { restart } from './faults/container/restart.ts'
import { stop } from './faults/container/stop.ts'
import { able as databaseAble } from './faults/database/able.ts'
import { databaseFaults } from './faults/database/faults.ts'
import { able as hostAble } from './faults/host/able.ts'
import { cpu } from './faults/host/cpu.ts'
import { disk } from './faults/host/disk.ts'
import { dns } from './faults/host/dns.ts'
import { io } from './faults/host/io.ts'
import { memory } from './faults/host/memory.ts'
import { network as hostNetwork } from './faults/host/network.ts'
import { partition as hostPartition } from './faults/host/partition.ts'
import type { AnyInjector } from './faults/injector.ts'
import { command as commandFault } from './faults/own/command.ts'
import { able as ableAtPackets } from './faults/packets/able.ts'
import { descriptors } from './faults/process/descriptors.ts'
import { kill } from './faults/process/kill.ts'
import { pause } from './faults/process/pause.ts'
import { http } from './faults/proxy/http.ts'
import { network } from './faults/proxy/network.ts'
import { partition } from './faults/proxy/partition.ts'
import { load } from './faults/url/load.ts'
import { command } from './measures/command.ts'
import { postgres } from './measures/database/postgres.ts'
import { redis } from './measures/database/redis.ts'
import { datadog } from './measures/datadog.ts'
import { endpoint } from './measures/endpoint.ts'
import { oneuptime } from './measures/oneuptime.ts'
import { prometheus } from './measures/prometheus/prometheus.ts'
import type { AnySource } from './run/measuring.ts'
import { lackingPrecision } from './verdict/precision.ts'

export const injectors: readonly AnyInjector[] = [
  pause,
  kill,
  descriptors,
  network,
  partition,
  hostPartition,
  hostNetwork,
  http,
  cpu,
  disk,
  dns,
  memory,
  io,
  stop,
  restart,
  pauseContainer,
  killContainer,
  disconnect,
  limits,
  networkOfContainer,
  partitionOfContainer,
  cpuOfContainer,
  memoryOfContainer,
  ioOfContainer,
  diskOfContainer,
  dnsOfContainer,
  load,
  ...databaseFaults,
  commandFault,
]

/** What this machine can do, place by place. */
export const ables: readonly (() => Promise<Able[]>)[] = [hostAble, ableAtPackets, containers, databaseAble]

export const sources: readonly AnySource[] = [endpoint, prometheus, datadog, oneuptime, postgres, redis, command]

/** What the document reader knows: fault types with their parameters, source types with their settings. */
export const documentCatalogue: DocumentCatalogue = {
  faults: injectors,
  sources,
  foresee: lackingPrecision,
}
