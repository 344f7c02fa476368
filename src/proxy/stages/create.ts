/** From a fault to its stage. */
import type { StreamFault } from '../fault.ts'
import { delayStage } from './delay.ts'
import { cutStage, dropStage, resetStage, slowCloseStage } from './endings.ts'
import { rateStage } from './rate.ts'
import { sliceStage } from './slice.ts'
import type { Stage, StageContext } from './stage.ts'

export function createStage(fault: StreamFault, context: StageContext): Stage {
  switch (fault.act.is) {
    case 'delay':
      return delayStage(fault, context)
    case 'rate':
      return rateStage(fault, context)
    case 'slice':
      return sliceStage(fault, context)
    case 'cut':
      return cutStage(fault, context)
    case 'drop':
      return dropStage(fault, context)
    case 'reset':
      return resetStage(fault, context)
    case 'slow close':
      return slowCloseStage(fault, context)
    case 'noop':
      throw new Error('noop needs no stage')
    default:
      return fault.act satisfies never
  }
}
