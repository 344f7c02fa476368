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
type Endpoint = { name: string; network: string; address: string; address6: string; settings: { [key: string]: Json } }
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
        if (context.signal.aborted) return
        const body = { Container: state.id, Force: true }
        await engineOf(state).call('POST', `/networks/${network}/disconnect`, { body })
      }
    })
  },
  async rollback(state, context) {
    for (;;) {
      const found = await inspect(state)
      if (!found) return
      for (const endpoint of state.endpoints) if (!isConnected(found, endpoint)) await connect(state, endpoint)
      if (!mayArrive(state, context)) return
      await sleep(200)
    }
  },
  async look(state) {
    const found = await inspect(state)
    if (!found) return { active: false, seen: `${state.name} is gone`, died: `the container ${state.name} was removed` }
    const off = state.endpoints.filter((endpoint) => !isConnected(found, endpoint))
    const hit: [number, number] = [off.length, state.endpoints.length]
    if (off.length > 0) return { active: true, seen: `${state.name} is off ${off.map(({ name }) => name).join(', ')}`, hit }
    const changed = state.endpoints.flatMap((endpoint) => unlike(found, endpoint, state.id) ?? []).join(', ')
    return {
      active: false,
      seen: `${state.name} is on ${state.endpoints.map(({ name }) => name).join(', ')}`,
      hit,
      ...(changed && { changed: `${state.name} has ${changed}` }),
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
    address6: settings.GlobalIPv6Address,
    settings: connectSettings(settings, id, network),
  }))
}

/** What the engine takes when a container is connected. On the default bridge it refuses addresses and aliases: those are its own to give. */
function connectSettings(settings: EndpointSettings, id: string, network: string): { [key: string]: Json } {
  if (network === 'bridge') return {}
  const { IPAMConfig, Links, Aliases, DriverOpts, MacAddress } = settings
  const own = (Aliases ?? []).filter((alias) => alias !== id.slice(0, 12)) // The engine adds that one itself.
  return {
    ...(IPAMConfig && { IPAMConfig }),
    ...(own.length > 0 && { Aliases: own }),
    ...(Links && { Links }),
    ...(DriverOpts && { DriverOpts }),
    ...(MacAddress && { MacAddress }),
  }
}

function isConnected({ NetworkSettings }: Inspected, { name, network }: Endpoint): boolean {
  const now = NetworkSettings.Networks[name]
  return now !== undefined && now.NetworkID === network
}

/** What is unlike before: the engine has given its address to somebody else, or somebody has connected it in another way. */
function unlike({ State, NetworkSettings }: Inspected, { name, address, settings }: Endpoint, id: string): string | undefined {
  const now = NetworkSettings.Networks[name]
  if (!now) return undefined
  // One that does not run has no address.
  if (State.Running && now.IPAddress !== '' && now.IPAddress !== address)
    return `the address ${now.IPAddress} instead of ${address} on ${name}`
  const aliases = (all: Json | undefined): string => JSON.stringify([...((all ?? []) as string[])].sort())
  const other = connectSettings(now, id, name)
  return aliases(other.Aliases) === aliases(settings.Aliases) ? undefined : `other names on ${name}`
}

/** With its old address in one step: a second one could be the one that nobody lives to make. */
async function connect(state: DisconnectState, { name, network, settings, address, address6 }: Endpoint): Promise<void> {
  const own = { ...(address && { IPv4Address: address }), ...(address6 && { IPv6Address: address6 }) }
  const asked =
    name === 'bridge' || Object.keys(own).length === 0
      ? settings
      : { ...settings, IPAMConfig: { ...(settings.IPAMConfig as object), ...own } }
  if (await connectWith(state, network, asked)) return
  // The engine chooses the addresses of this network itself, or somebody else has taken it: better another one than none. The look says so.
  const { IPAMConfig: _, ...rest } = settings
  await connectWith(state, network, rest)
}

/** False: the address that was asked for is not to be had. */
async function connectWith(state: DisconnectState, network: string, settings: { [key: string]: Json }): Promise<boolean> {
  try {
    await engineOf(state).call('POST', `/networks/${network}/connect`, { body: { Container: state.id, EndpointConfig: settings } })
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    // Gone, or others were quicker.
    if (error.status === 404 || /already exists in network|is already (attached|connected)/i.test(error.message)) return true
    if (!settings.IPAMConfig || !/address/i.test(error.message)) throw error
    return false
  }
  return true
}
