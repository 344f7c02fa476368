/** The times of the faults against the fault phase: what never begins, never ends as written, or never arrives. */
import type { Experiment, Fault } from './experiment.ts'
import { beginsOf, lastsFor } from './fault-times.ts'
import type { Path } from './located.ts'
import type { Collector } from './problems.ts'
import { formatQuantity } from './quantity.ts'

export function checkFaultTimes(collect: Collector, { faults, phases: { fault: length } }: Experiment): void {
  // Only a document without errors comes here: the list has all its faults, in order.
  faults.forEach((fault, index) => {
    const at: Path = ['faults', index]
    if (fault.after >= length) {
      collect.add(
        [...at, 'after'],
        'beyond-phase',
        `begins at ${time(fault.after)}, when the fault phase (${time(length)}) is over: it would never act`,
        { fix: `write less than ${time(length)}, or lengthen phases.fault` },
      )
      return
    }
    const end = fault.after + (fault.for ?? 0)
    if (end > length)
      warn(
        collect,
        [...at, 'for'],
        `would end at ${time(end)}, but is rolled back at the end of the fault phase (${time(length)})`,
        `write ${time(length - fault.after)}, or lengthen phases.fault`,
      )
    checkAgain(collect, fault, length, at)
    checkRamp(collect, fault, length, at)
  })
}

function checkAgain(collect: Collector, fault: Fault, length: number, at: Path): void {
  if (fault.every === undefined || beginsOf(fault, length).length > 1) return
  const needed = fault.after + fault.every + (fault.for ?? 0)
  const message = `the second time would end at ${time(needed)}, when the fault phase (${time(length)}) is over: the fault acts once`
  warn(collect, [...at, 'every'], message, `remove every, or write phases: { fault: ${time(needed)} } or more`)
}

/** A ramp longer than `for` is an error of the fault itself; here it is the phase that is too short. */
function checkRamp(collect: Collector, fault: Fault, length: number, at: Path): void {
  const lasts = lastsFor(fault, length)
  if (fault.ramp === undefined || fault.ramp <= lasts) return
  const reached = formatQuantity(Math.round((100 * lasts) / fault.ramp) / 100, 'share')
  const message = `takes ${time(fault.ramp)}, but the fault ends after ${time(lasts)} with the fault phase: it goes ${reached} of the way`
  warn(collect, [...at, 'ramp'], message, `write ${time(lasts)} or less, or lengthen phases.fault`)
}

function warn(collect: Collector, path: Path, message: string, fix: string): void {
  collect.add(path, 'beyond-phase', message, { fix, severity: 'warning' })
}

function time(ms: number): string {
  return formatQuantity(Math.round(ms), 'ms')
}
