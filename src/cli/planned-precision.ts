/** What a plan will be able to prove: by the noise of the newest earlier run of the experiment, else as usual services are. */
import type { Experiment } from '../document/experiment.ts'
import { SquallError } from '../errors.ts'
import { listRuns } from '../records/index-db.ts'
import { readRun } from '../records/read-run.ts'
import { runDir, stateDir } from '../system/paths.ts'
import { rememberedPrecision } from '../verdict/precision.ts'
import type { Precision, Verdict } from '../verdict/verdict.ts'
import { colour } from './output.ts'

/** How many runs back an earlier baseline is looked for. */
const runsBack = 5

export async function plannedPrecisionOf(experiment: Experiment): Promise<Precision[]> {
  for (const { id, ended_at: ended } of await listRuns({ name: experiment.name, limit: runsBack })) {
    const earlier = ended === null ? [] : precisionIn(runDir(id, stateDir()))
    if (earlier.length > 0) return rememberedPrecision(experiment, earlier)
  }
  return rememberedPrecision(experiment, [])
}

/** A record that cannot be read is no reason not to plan. */
function precisionIn(dir: string): readonly Precision[] {
  try {
    return readRun<Verdict>(dir).verdict?.precision ?? []
  } catch (error) {
    if (error instanceof SquallError) return []
    throw error
  }
}

/** In about four of five runs; each line says where its noise is taken from when that is not the same for all. */
export function precisionLines(precision: readonly Precision[]): string {
  const bases = new Set(precision.map(({ basis }) => basis))
  const words = {
    'typical noise': 'with the noise of a usual service',
    'an earlier run': 'with the noise of the last run',
    baseline: '',
  } as const
  const head = `what about four of five runs will be able to say${bases.size === 1 ? ` ${words[[...bases][0] as Precision['basis']]}` : ''}`
  const lines = precision.map(({ sentence, basis, enough }) => {
    const text = bases.size === 1 ? sentence : `${sentence} (${words[basis]})`
    return `  ${enough ? text : colour('yellow', text)}`
  })
  return `\n${[colour('bold', head), ...lines].join('\n')}\n`
}
