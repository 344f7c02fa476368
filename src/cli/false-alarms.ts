/** What the earlier runs of the same service say about the judge, for the commands that show a run. */
import type { Experiment } from '../document/experiment.ts'
import { listTrials } from '../records/index-db.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { type FalseAlarms, falseAlarms, ranksAmongPlacebos } from '../verdict/false-alarms.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** Of the service, or of the experiment when it names none; null when no run could tell. */
export async function falseAlarmsAbout({ service, name }: Pick<Experiment, 'service' | 'name'>): Promise<FalseAlarms | null> {
  const rows = await listTrials(service === undefined ? { name } : { service })
  return falseAlarms(
    service ?? name,
    rows.map(({ trials }) => trials),
  )
}

/** The lines below a run: how often the judge is wrong here, and how this run compares with the placebo runs of its experiment. */
export async function trustLines({ id, experiment, verdict, placebo }: StoredRun<Verdict>): Promise<string[]> {
  const alarms = await falseAlarmsAbout(experiment)
  const others = (await listTrials({ name: experiment.name })).filter((row) => row.id !== id).map(({ trials }) => trials)
  const ranks = verdict && !placebo ? ranksAmongPlacebos(verdict, others) : []
  return [...(alarms ? [alarms.sentence] : []), ...ranks.map(({ sentence }) => sentence)]
}
