/** Takes a container off its networks, and puts it back with the same addresses and names. */
import * as z from 'zod/mini'
import { says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { sleep } from '../../system/clock.ts'
import type { Injector, Json } from '../injector.ts'
import { type Asked, askFor, mayArrive, notAsked } from './asking.ts'
import { EngineError } from './engine.ts'
import { type ContainerPlace, type EndpointSettings, engineOf, type Inspected, inspect, inspectRunning, placeOf } from './inspect.ts'

interface DisconnectSpec {
  network?: string
}

const spec = z.strictObject({
  network: says('The network it is taken off; default: all of its networks.', z.optional(text), 'backend'),
})

/** One network, and with what the container is connected to it again. */
type Endpoint = { name: string; network: string; address: string; settings: { [key: string]: Json } }
type DisconnectState = ContainerPlace & Asked & { endpoints: Endpoint[] }

export const disconnect: Injector<DisconnectSpec, DisconnectState> = {
  type: 'disconnect',
  places: ['container'],
  holds: 'networks',
  spec: says('Takes it off its networks: its names are not found, nothing reaches it.', spec) as unknown as z.core.$ZodType<DisconnectSpec>,
  needs: () => [{ docker: true }],
  async plan({ network }, target) {
    const place = placeOf(target)
    const found = await inspectRunning(place)
    const endpoints = endpointsOf(found, place, network)
    const names = endpoints.map(({ name }) => name).join(', ')
    return {
      state: { ...place, ...notAsked, endpoints },
      does: `take container ${place.name} off ${names}`,
      undoes: `connect container ${place.name} to ${names} as it was: ${endpoints.map(({ address }) => address).join(', ')}`,
      steps: endpoints.map(({ name, settings }) => ({
        does: `POST /networks/${name}/disconnect {"Container":"${place.name}"}`,
        undoes: `POST /networks/${name}/connect ${JSON.stringify({ Container: place.name, EndpointConfig: settings })}`,
      })),
      lock: `container:${place.id}:networks`,
    }
  },
  async inject(state, context) {
    await askFor(state, context, async () => {
      for (const { network } of state.endpoints) {
        context.signal.throwIfAborted()
        const body = { Container: state.id, Force: true }
        await engineOf(state).call('POST', `/networks/${network}/disconnect`, { body, signal: context.signal })
      }
    })
  },
  async rollback(state) {
    for (;;) {
      const found = await inspect(state)
      if (!found) return
      for (const endpoint of state.endpoints) if (!isConnected(found, endpoint)) await connect(state, endpoint)
      if (!mayArrive(state)) return
      await sleep(200)
    }
  },
  async look(state) {
    const found = await inspect(state)
    if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
    const off = state.endpoints.filter((endpoint) => !isConnected(found, endpoint))
    const hit: [number, number] = [off.length, state.endpoints.length]
    if (off.length > 0) return { active: true, seen: `${state.name} is off ${off.map(({ name }) => name).join(', ')}`, hit }
    const moved = state.endpoints.filter(
      ({ name, address }) => found.State.Running && found.NetworkSettings.Networks[name]?.IPAddress !== address,
    )
    const changed = moved.map(({ name }) => `${state.name} has another address on ${name} now`).join(', ')
    return {
      active: false,
      seen: `${state.name} is on ${state.endpoints.map(({ name }) => name).join(', ')}`,
      hit,
      ...(changed && { changed }),
    }
  },
}

function endpointsOf({ NetworkSettings, HostConfig }: Inspected, { id, name }: ContainerPlace, wanted: string | undefined): Endpoint[] {
  if (HostConfig.NetworkMode === 'host' || HostConfig.NetworkMode === 'none' || HostConfig.NetworkMode.startsWith('container:'))
    throw new SquallError('fault-not-available', `the container ${name} has no network of its own (${HostConfig.NetworkMode})`)
  const all = Object.entries(NetworkSettings.Networks)
  const chosen = wanted === undefined ? all : all.filter(([network, { NetworkID }]) => network === wanted || NetworkID.startsWith(wanted))
  if (chosen.length === 0)
    throw new SquallError('no-target', `the container ${name} is not on ${wanted ?? 'any network'}`, {
      hint: `It is on ${all.map(([network]) => network).join(', ') || 'none'}.`,
    })
  return chosen.map(([network, settings]) => ({
    name: network,
    network: settings.NetworkID,
    address: settings.IPAddress,
    settings: connectSettings(settings, id, network),
  }))
}

/** What the engine takes when a container is connected. On the default bridge it refuses addresses and aliases: those are its own to give. */
function connectSettings(settings: EndpointSettings, id: string, network: string): { [key: string]: Json } {
  if (network === 'bridge') return {}
  const { IPAMConfig, IPAddress, GlobalIPv6Address, Links, Aliases, DriverOpts } = settings
  const own = (Aliases ?? []).filter((alias) => alias !== id.slice(0, 12)) // The engine adds that one itself.
  return {
    IPAMConfig: {
      ...IPAMConfig,
      ...(IPAddress && { IPv4Address: IPAddress }),
      ...(GlobalIPv6Address && { IPv6Address: GlobalIPv6Address }),
    },
    ...(own.length > 0 && { Aliases: own }),
    ...(Links && { Links }),
    ...(DriverOpts && { DriverOpts }),
  }
}

function isConnected({ NetworkSettings }: Inspected, { name, network }: Endpoint): boolean {
  const now = NetworkSettings.Networks[name]
  return now !== undefined && now.NetworkID === network
}

async function connect(state: DisconnectState, { network, settings }: Endpoint): Promise<void> {
  const call = (config: { [key: string]: Json }): Promise<unknown> =>
    engineOf(state).call('POST', `/networks/${network}/connect`, { body: { Container: state.id, EndpointConfig: config } })
  try {
    await call(settings)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.status === 404 || /already exists in network|is already/i.test(error.message)) return // Gone, or others were quicker.
    // Addresses may be asked for by hand only in networks whose range was: elsewhere the engine gives the next free one, which is the old one.
    if (!/user specified IP address|user configured subnets/i.test(error.message)) throw error
    const { IPAMConfig: _, ...rest } = settings
    await call(rest)
  }
}
