/** Refuses a run whose faults lack something of this machine, before anything is measured: what `squall plan` says is missing. */
import type { Experiment } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import type { AnyInjector } from '../faults/injector.ts'
import { checkNeeds, needText } from '../faults/needs.ts'
import { builtInPair, isModulePath } from '../guardian/injector-of.ts'
import type { Secrets } from '../system/secrets.ts'

/**
 * A user's own module is asked by `plan` alone; an engine that does not answer and a secret that is not there are told by whoever needs them first.
 * @throws SquallError `need-not-met`
 */
export async function mustHaveNeeded({ faults }: Experiment, injectors: readonly AnyInjector[], secrets: Secrets): Promise<void> {
  for (const { name, type, spec, target } of faults) {
    if (isModulePath(type)) continue
    const needs = builtInPair(injectors, type, target?.place).injector.needs(spec, target)
    const ofMachine = needs.filter((need) => 'command' in need || 'netem' in need || 'helper' in need)
    const missing = (await checkNeeds(ofMachine, secrets)).filter(({ met }) => met === false)
    if (missing.length === 0) continue
    const texts = missing.map(({ need, why }) => (why === undefined ? needText(need) : `${needText(need)} (${why})`))
    throw new SquallError('need-not-met', `${name} needs what is not here: ${texts.join(', ')}`)
  }
}
