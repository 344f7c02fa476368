/** Keeps the processors of this machine busy. */
import type * as z from 'zod/mini'
import { says } from '../../document/schema-types.ts'
import { adjustLoad, type CpuSpec, type CpuState, cpuSpec, endLoad, lookAtLoad, plannedLoad, startLoad } from '../cpu-load.ts'
import type { Injector } from '../injector.ts'

export const cpu: Injector<CpuSpec, CpuState> = {
  type: 'cpu',
  places: ['host'],
  holds: 'processors',
  dials: ['load'],
  spec: says('Keeps processors busy.', cpuSpec) as unknown as z.core.$ZodType<CpuSpec>,
  needs: () => [],
  plan: (spec, _target, context) => Promise.resolve({ ...plannedLoad(spec, context), lock: 'host:cpu' }),
  inject: (state, context) => Promise.resolve(startLoad(state, context)),
  adjust: adjustLoad,
  rollback: endLoad,
  look: lookAtLoad,
}
