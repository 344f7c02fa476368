/** Makes the network of a container slow, narrow or lossy. */
import { network } from '../host/network.ts'
import type { Injector, Json } from '../injector.ts'
import { needsNetem, onlyLoss, type PacketSpec } from '../packets/spec.ts'
import { byHelper } from './helper/by-helper.ts'
import { containerNarrows, insideContainer } from './packet-target.ts'

/** From this machine, in the container's network namespace. */
const fromOutside: Injector<PacketSpec, Json> = {
  ...network,
  places: ['container'],
  narrows: containerNarrows,
  get spec() {
    return network.spec
  },
  needs: (spec, target) => [{ docker: true }, { command: 'nsenter' }, ...network.needs(spec, target)],
  plan: async (spec, target, context) => network.plan(spec, await insideContainer(target, 'network'), context),
}

export const networkOfContainer = byHelper(fromOutside, 'network', (spec) => needsNetem(spec) || onlyLoss(spec))
