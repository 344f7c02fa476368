/** `squall plan FILE`: targets, each change with its inverse, what survives what, rights needed. Changes nothing. */
import { injectors, sources } from '../catalogue.ts'
import { breachText, hoursBreach, policyBreaches, policyWords } from '../document/policy.ts'
import { needText } from '../faults/needs.ts'
import { reachBreaches } from '../faults/reach.ts'
import { picksBySeed } from '../faults/resolve.ts'
import { maxDuration } from '../run/arm.ts'
import { type PreviewChange, type PreviewFault, preview } from '../run/preview.ts'
import { weakest } from '../run/survival.ts'
import { wallMs } from '../system/clock.ts'
import { randomSeed } from '../system/random.ts'
import { openSecrets } from '../system/secrets.ts'
import type { Command } from './context.ts'
import { type ReadDocument, readDocument } from './document.ts'
import { colour, table } from './output.ts'
import { plannedPrecisionOf, precisionLines } from './planned-precision.ts'
import type { ProjectOptions } from './project.ts'
import { proxyLines } from './proxy-lines.ts'

const plan: Command<{ var?: Record<string, string>; seed?: number } & ProjectOptions> = async ([file], options, context) => {
  const loaded = await readDocument(file as string, options.var ?? {}, context, options)
  if (!loaded) return 2
  const { experiment, folder, project, policy } = loaded
  const seed = options.seed ?? randomSeed()
  const faults = await preview(experiment, { folder, seed, injectors, secrets: openSecrets(project?.secretsFile) })
  const changes = faults.flatMap((fault) => fault.changes)
  const refusals = refusalsOf(loaded, changes)
  const failed = refusals.length > 0 || faults.some((fault) => fault.error || fault.needs.some(({ met }) => met === false))
  const precision = await plannedPrecisionOf(experiment)
  if (context.json) {
    const data = {
      schema: 'squall.plan/1',
      name: experiment.name,
      seed,
      phases: experiment.phases,
      maxDuration: maxDuration(experiment, sources),
      project: project?.file ?? null,
      policy: policyWords(policy),
      refusals,
      proxies: experiment.proxies,
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
  for (const line of projectLines(loaded, refusals)) context.out(line)
  for (const line of proxyLines(experiment.proxies)) context.out(line)
  for (const one of faults) context.out(`\n${faultLines(one)}`)
  if (changes.length > 0) context.out(`\n${weakest(changes)}`)
  if (precision.length > 0) context.out(precisionLines(precision))
  if (picksBySeed(experiment.faults)) context.out(`seed ${seed}: squall run --seed ${seed} picks the same targets`)
  context.out('nothing was changed')
  return failed ? 2 : 0
}
export default plan

/** Everything for which the policy would refuse the run now. */
function refusalsOf({ experiment, policy }: ReadDocument, changes: readonly PreviewChange[]): string[] {
  const hours = hoursBreach(experiment, policy, wallMs())
  const stated = policyBreaches(experiment, policy)
  const reach = reachBreaches(
    policy,
    changes.map((change) => ({ ...change, target: change.where })),
  )
  // A number of targets that the document itself names is said once.
  const found = reach.filter(({ rule }) => !stated.some((breach) => breach.rule === rule))
  return [...stated, ...found, ...(hours ? [hours] : [])].map((breach) => breachText(policy, breach))
}

function projectLines({ experiment, project, policy }: ReadDocument, refusals: readonly string[]): string[] {
  if (!project) return ['no project file (squall.yaml): no limits but the built-in ones']
  const limits = policyWords(policy).join('; ') || 'no limits but the built-in ones'
  return [
    `${project.file}: ${experiment.environment}: ${limits}`,
    ...refusals.map((refusal) => `  ${colour('red', 'would be refused')}: ${refusal}`),
  ]
}

function faultLines(fault: PreviewFault): string {
  const head = `${colour('bold', fault.name)}${fault.name === fault.type ? '' : ` (${fault.type})`} from +${s(fault.after)} for ${s(fault.lasts)}${fault.again}`
  const error = fault.error
    ? [`  ${colour('red', 'cannot be done')}: ${fault.error.message}${fault.error.hint ? `\n  hint: ${fault.error.hint}` : ''}`]
    : []
  const needs = fault.needs.map(
    ({ need, met, why }) =>
      `  needs ${needText(need)}: ${met === null ? 'not checked' : met ? 'yes' : colour('red', 'missing')}${why === undefined ? '' : ` (${why})`}`,
  )
  const changes = fault.changes.flatMap((change) => [
    `  ${change.target}`,
    `    does    ${change.does}`,
    `    undoes  ${change.undoes || 'nothing: over once done'}`,
    ...change.steps.flatMap(({ does, undoes }) => [
      `    runs    ${below(does)}`,
      ...(undoes === '' ? [] : [`      undo  ${below(undoes)}`]),
    ]),
    indent(
      table([
        ['runner killed', change.survives.runnerKilled],
        ['guardian killed', change.survives.guardianKilled],
        ['both killed', change.survives.bothKilled],
        ['the whole CI job or container killed', change.survives.containerKilled],
        ['machine rebooted', change.survives.rebooted],
      ]),
    ),
  ])
  return [head, ...error, ...needs, ...changes].join('\n')
}

/** A text of several lines, under its beginning. */
function below(text: string): string {
  return text.trimEnd().replaceAll('\n', `\n${' '.repeat(12)}`)
}

function indent(text: string): string {
  return text.replace(/^/gm, '    healed: ').replace(/healed: /, 'healed: ')
}

function s(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
