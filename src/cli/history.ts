/** `squall history [NAME]`: the runs of one experiment, newest first; without a name, all experiments. */
import { countExperiments, type ExperimentCount, type IndexRow, listRuns } from '../records/index-db.ts'
import { wallTime } from '../report/words.ts'
import { ensureStateDir } from '../system/paths.ts'
import type { Command } from './context.ts'
import { falseAlarmsAbout } from './false-alarms.ts'
import { colour, table } from './output.ts'
import { leftLine, proxiesLeft } from './proxies-left.ts'
import { tidyRecords } from './stored-run.ts'

const history: Command<{ limit?: number }> = async ([name], { limit = 20 }, context) => {
  await tidyRecords(context)
  const state = ensureStateDir()
  for (const proxy of await proxiesLeft(state)) context.err(`still there: ${leftLine(proxy)}`)
  if (name === undefined) {
    const experiments = await countExperiments(state)
    if (context.json) context.out(JSON.stringify({ schema: 'squall.experiments/1', experiments }, null, 2))
    else if (experiments.length === 0) context.err('no run is recorded yet; squall run FILE makes one')
    else context.out(table(experiments.map(countRow), { head: ['experiment', 'runs', 'last', 'outcomes'] }))
    return 0
  }
  const runs = await listRuns({ name, limit }, state)
  const alarms = runs[0] ? await falseAlarmsAbout({ name, ...(runs[0].service !== null && { service: runs[0].service }) }) : null
  if (context.json) context.out(JSON.stringify({ schema: 'squall.history/1', name, runs: runs.map(jsonRow), falseAlarms: alarms }, null, 2))
  else if (runs.length === 0) context.err(`no run of ${name} is recorded; squall history lists the experiments`)
  else {
    context.out(table(runs.map(runRow), { head: ['run', 'started', 'outcome', 'rollback', 'because'] }))
    if (alarms) context.out(`\n${alarms.sentence}`)
  }
  return 0
}
export default history

function countRow({ name, runs, lastStart, outcomes }: ExperimentCount): string[] {
  const words = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`)
  return [name, String(runs), wallTime(lastStart), words.join(', ')]
}

const colours = { passed: 'green', failed: 'red', inconclusive: 'yellow', aborted: 'yellow', error: 'red' } as const

function runRow({ id, started_at, outcome, rollback, because, placebo }: IndexRow): string[] {
  const words =
    (placebo ? 'placebo ' : '') +
    (outcome === null ? 'running' : placebo && outcome === 'inconclusive' ? '' : colour(colours[outcome], outcome))
  const unsure = rollback === 'stuck' || rollback === 'unverified'
  return [id, wallTime(started_at), words, unsure ? colour('red', rollback) : (rollback ?? ''), oneLine(because ?? '')]
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`
}

function jsonRow({
  id,
  name,
  hash,
  environment,
  service,
  started_at,
  ended_at,
  outcome,
  exit,
  rollback,
  because,
  placebo,
}: IndexRow): Record<string, unknown> {
  return {
    id,
    name,
    hash,
    environment,
    service,
    startedAt: started_at,
    endedAt: ended_at,
    outcome,
    exit,
    rollback,
    because,
    placebo: placebo === 1,
  }
}
