/** What a plan will be able to find and to prove, before anything is broken. */
import type { Experiment, JudgedPhase } from '../document/experiment.ts'
import { boundsIn, type ErrorRates, errorRates, isRelative, type WantedBound } from './asked-bounds.ts'
import { allowedBy } from './limits.ts'
import { noiseAt, plannedIntervals, typicalNoise } from './noise.ts'
import { change, ratio } from './numbers.ts'
import { type Reach, reachOfSeries, reachOfShares } from './power.ts'
import { phaseWords } from './sentence.ts'
import type { Precision, Wobble } from './verdict.ts'

/** What is known of a measure's noise when baseline and phase last so many seconds; null: nothing. */
export type KnownNoise = (wanted: WantedBound, seconds: Lengths) => Wobble | null

/** Seconds of the baseline, and of the judged part of the phase that is compared with it. */
export type Lengths = readonly [baseline: number, phase: number]

/** For each bound that is relative to baseline and whose noise is known. */
export function plannedPrecision(experiment: Experiment, basis: Precision['basis'], known: KnownNoise, onlyLacking = false): Precision[] {
  return (['fault', 'recovery'] as const).flatMap((phase) =>
    boundsIn(experiment, phase).flatMap((wanted) =>
      isRelative(wanted.bound) ? (precisionOf(experiment, phase, wanted, basis, known, onlyLacking) ?? []) : [],
    ),
  )
}

/** As a usual service has it: latency and errors of the load, at a baseline without errors. Nobody knows the noise of other measures. */
export function typicalPrecision(experiment: Experiment): Precision[] {
  return plannedPrecision(experiment, 'typical noise', typical(experiment))
}

/** Those of them that could not be proved. The others are not worked out: `validate` asks at each start. */
export function lackingPrecision(experiment: Experiment): Precision[] {
  return plannedPrecision(experiment, 'typical noise', typical(experiment), true)
}

function typical(experiment: Experiment): KnownNoise {
  return ({ measure: { from, is } }, seconds) => {
    const { traffic } = experiment
    if (!traffic || from !== 'traffic') return null
    if (is.kind === 'share') return { kind: 'share', p: 0, deff: 1 }
    const cut = plannedIntervals(traffic.rate, seconds)
    if (is.kind !== 'latency' || !cut) return null
    return { kind: 'series', ...typicalNoise(is.quantile, traffic.rate * cut.length, cut.length), value: null }
  }
}

/** As an earlier run of the experiment found it, whatever its rate and phases were; where it says nothing, as usual. */
export function rememberedPrecision(experiment: Experiment, earlier: readonly Precision[]): Precision[] {
  const remembered = plannedPrecision(
    experiment,
    'an earlier run',
    ({ measure }) => earlier.find((one) => one.measure === measure.name)?.noise ?? null,
  )
  const isKnown = (one: Precision): boolean => remembered.some((other) => keyOf(other) === keyOf(one))
  return [...remembered, ...typicalPrecision(experiment).filter((one) => !isKnown(one))]
}

function keyOf({ measure, phase, direction }: Precision): string {
  return `${measure} ${phase} ${direction}`
}

function precisionOf(
  experiment: Experiment,
  phase: JudgedPhase,
  wanted: WantedBound,
  basis: Precision['basis'],
  known: KnownNoise,
  onlyLacking: boolean,
): Precision | null {
  const { measure, direction, bound } = wanted
  const { phases, traffic } = experiment
  const seconds: Lengths = [phases.baseline / 1000, Math.max(0, (phases[phase] - (bound.after ?? 0)) / 1000)]
  const noise = known(wanted, seconds)
  if (!noise) return null
  const scale = noise.kind === 'series' && measure.unit !== 'share' ? 'ratio' : 'difference'
  const allowed = allowedOnScale(wanted, noise, scale)
  if (allowed === null) return null
  const margin = Math.abs(scale === 'ratio' ? Math.log(allowed) : allowed)
  const rate = measure.from === 'traffic' ? (traffic?.rate ?? 0) : null
  const alpha = errorRates(experiment, phase)
  const now = reachOf(rate, noise, seconds, alpha, margin)
  if (!now || (onlyLacking && now.proves <= margin)) return null
  const provesAt = (times: number): number => {
    const longer = seconds.map((length) => length * times) as [number, number]
    // How the noise of a longer baseline would look is known of the usual service only: else an interval shrinks with the square root of the time.
    const modelled = basis === 'typical noise' ? known(wanted, longer) : null
    if (noise.kind === 'series' && !modelled) return now.proves / Math.sqrt(times)
    return reachOf(rate, modelled ?? noise, longer, alpha, margin)?.proves ?? Number.POSITIVE_INFINITY
  }
  const sign = direction === 'max' ? 1 : -1
  const onScale = (x: number): number | null => (!Number.isFinite(x) ? null : scale === 'ratio' ? Math.exp(sign * x) : sign * x)
  const enough = now.proves <= margin
  const longer = enough ? null : factorFor((times) => provesAt(times) <= margin, 86_400 / Math.max(...seconds))
  const precision: Precision = {
    ...{ measure: measure.name, phase, direction, scale, basis, noise, allowed },
    ...{ finds: onScale(margin + now.finds()), proves: onScale(now.proves), enough },
    wouldSuffice: longer === null ? null : Math.ceil((longer * Math.max(...seconds)) / 5) * 5,
    sentence: '',
  }
  return { ...precision, sentence: sentenceOf(precision, measure.unit) }
}

/** `rate` in requests a second, null for a source that is read each second; `margin` on the scale of the noise. */
function reachOf(rate: number | null, noise: Wobble, seconds: Lengths, alpha: ErrorRates, margin: number): Reach | null {
  if (noise.kind === 'share') {
    if (rate === null) return null
    const [before, after] = [seconds[0] * rate, seconds[1] * rate]
    return reachOfShares({ p: noise.p, n: before, deff: noise.deff }, [before, after], margin, alpha)
  }
  const cut = plannedIntervals(rate ?? Number.POSITIVE_INFINITY, seconds)
  return cut && reachOfSeries(noiseAt(noise, (rate ?? 0) * cut.length), cut.counts, alpha)
}

/** The bound on the scale of the comparison; null: it hangs on a baseline that is not known, or cannot be a ratio. */
function allowedOnScale({ direction, bound: { limit } }: WantedBound, noise: Wobble, scale: Precision['scale']): number | null {
  const value = noise.kind === 'share' ? noise.p : noise.value
  if (value === null) return scale === 'ratio' && limit.kind === 'times' ? limit.factor : null
  const allowed = allowedBy(limit, value, direction)
  if (allowed === null) return null
  if (scale === 'difference') return allowed - value
  return value > 0 && allowed > 0 ? allowed / value : null
}

/** Up to twice as long. */
const further = Array.from({ length: 11 }, (_, i) => 1 + i / 10)

/** The smallest factor on the length, in steps of a tenth, with which it is enough, and stays so a little further: intervals are cut in whole seconds. */
function factorFor(isEnough: (times: number) => boolean, most: number): number | null {
  for (let times = 1.1; times <= most; times *= 1.1) if (further.every((more) => isEnough(times * more))) return times
  return null
}

function sentenceOf(precision: Precision, unit: Parameters<typeof change>[1]): string {
  const { measure, phase, direction, scale, finds, proves, allowed, enough, wouldSuffice } = precision
  const words = (x: number): string => (scale === 'ratio' ? ratio(x) : change(x, unit))
  const [beyond, within] = direction === 'max' ? ['≥', '≤'] : ['≤', '≥']
  const can = [
    finds === null ? 'can find no change' : `can find ${beyond} ${words(finds)}`,
    proves === null ? 'can prove nothing' : `can prove ${within} ${words(proves)}`,
  ].join(', ')
  const would = wouldSuffice === null ? 'no length of the phases would do' : `about ${wouldSuffice} s of each phase would do`
  return `${measure} ${phaseWords[phase]}: this plan ${can}${enough ? '' : `, the bound is ${words(allowed)}: ${would}`}`
}
