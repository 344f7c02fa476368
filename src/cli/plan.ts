/** `squall plan FILE`: targets, each change with its inverse, what survives what, rights needed. Changes nothing. */
import { injectors, sources } from '../catalogue.ts'
import type { Need } from '../faults/injector.ts'
import { picksBySeed } from '../faults/resolve.ts'
import { maxDuration } from '../run/arm.ts'
import { type PreviewFault, preview } from '../run/preview.ts'
import { weakest } from '../run/survival.ts'
import { randomSeed } from '../system/random.ts'
import type { Command } from './context.ts'
import { readDocument } from './document.ts'
import { colour, table } from './output.ts'
import { plannedPrecisionOf, precisionLines } from './planned-precision.ts'

const plan: Command<{ var?: Record<string, string>; seed?: number }> = async ([file], options, context) => {
  const loaded = await readDocument(file as string, options.var ?? {}, context)
  if (!loaded) return 2
  const { experiment, folder } = loaded
  const seed = options.seed ?? randomSeed()
  const faults = await preview(experiment, { folder, seed, injectors })
  const failed = faults.some((fault) => fault.error || fault.needs.some(({ met }) => met === false))
  const changes = faults.flatMap((fault) => fault.changes)
  const precision = await plannedPrecisionOf(experiment)
  if (context.json) {
    const data = {
      schema: 'squall.plan/1',
      name: experiment.name,
      seed,
      phases: experiment.phases,
      maxDuration: maxDuration(experiment, sources),
      faults,
      weakest: weakest(changes),
      precision,
    }
    context.out(JSON.stringify(data, null, 2))
    return failed ? 2 : 0
  }
  const { warmup, baseline, fault, recovery } = experiment.phases
  context.out(`${colour('bold', experiment.name)}: ${experiment.hypothesis.trim()}`)
  context.out(
    `environment ${experiment.environment}; warm-up ${s(warmup)}, baseline ${s(baseline)}, fault ${s(fault)}, recovery ${s(recovery)}; ended by force after ${s(maxDuration(experiment, sources))}`,
  )
  for (const one of faults) context.out(`\n${faultLines(one)}`)
  if (changes.length > 0) context.out(`\n${weakest(changes)}`)
  if (precision.length > 0) context.out(precisionLines(precision))
  if (picksBySeed(experiment.faults)) context.out(`seed ${seed}: squall run --seed ${seed} picks the same targets`)
  context.out('nothing was changed')
  return failed ? 2 : 0
}
export default plan

function faultLines(fault: PreviewFault): string {
  const head = `${colour('bold', fault.name)}${fault.name === fault.type ? '' : ` (${fault.type})`} from +${s(fault.after)} for ${s(fault.lasts)}${fault.again}`
  const error = fault.error
    ? [`  ${colour('red', 'cannot be done')}: ${fault.error.message}${fault.error.hint ? `\n  hint: ${fault.error.hint}` : ''}`]
    : []
  const needs = fault.needs.map(
    ({ need, met }) => `  needs ${needText(need)}: ${met === null ? 'not checked' : met ? 'yes' : colour('red', 'missing')}`,
  )
  const changes = fault.changes.flatMap((change) => [
    `  ${change.target}`,
    `    does    ${change.does}`,
    `    undoes  ${change.undoes || 'nothing: over once done'}`,
    indent(
      table([
        ['runner killed', change.survives.runnerKilled],
        ['guardian killed', change.survives.guardianKilled],
        ['both, or the CI job, killed', change.survives.bothKilled],
        ['machine rebooted', change.survives.rebooted],
      ]),
    ),
  ])
  return [head, ...error, ...needs, ...changes].join('\n')
}

function indent(text: string): string {
  return text.replace(/^/gm, '    healed: ').replace(/healed: /, 'healed: ')
}

function needText(need: Need): string {
  const [kind, value] = Object.entries(need)[0] as [string, unknown]
  return `${kind} ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

function s(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
