/** Cuts a container off from somewhere. */
import { partition } from '../host/partition.ts'
import type { Injector, Json } from '../injector.ts'
import { byHelper } from './helper/by-helper.ts'
import { containerNarrows, insideContainer } from './packet-target.ts'

type Spec = Parameters<typeof partition.plan>[0]

/** From this machine, in the container's network namespace. */
const fromOutside: Injector<Spec, Json> = {
  ...partition,
  places: ['container'],
  narrows: containerNarrows,
  get spec() {
    return partition.spec
  },
  needs: (spec, target) => [{ docker: true }, { command: 'nsenter' }, ...partition.needs(spec, target)],
  plan: async (spec, target, context) => partition.plan(spec, await insideContainer(target, 'partition'), context),
}

export const partitionOfContainer = byHelper(fromOutside, 'network')
