/** `squall show RUN`: one run as text. */
import { runFacts } from '../report/run-facts.ts'
import { renderSummary } from '../report/summary.ts'
import { clock, duration, phaseWords, wallTime } from '../report/words.ts'
import type { Command } from './context.ts'
import { falseAlarmsAbout, trustLines } from './false-alarms.ts'
import { colour, table } from './output.ts'
import { storedRun } from './stored-run.ts'

const show: Command = async ([wanted = 'last'], _options, context) => {
  const run = await storedRun(wanted, context)
  if (context.json) {
    context.out(JSON.stringify({ schema: 'squall.show/1', ...runFacts(run), falseAlarms: await falseAlarmsAbout(run.experiment) }, null, 2))
    return 0
  }
  const { id, hash, seed, startedAt, endedAt, phases, events } = run
  const lasted = endedAt === undefined ? 'still going on' : duration(Date.parse(endedAt) - Date.parse(startedAt))
  const windows = phases.map(({ phase, from, to }) => [`  ${phaseWords[phase]}`, clock(from), clock(to), duration(to - from)])
  const color = colour('bold', 'x') !== 'x'
  const trust = await trustLines(run)

  const happened = events.map((event) => [
    `  ${clock(event.at)}`,
    event.level === 'info' ? '' : event.level,
    event.text.replace(/\s+/g, ' '),
  ])
  context.out(
    [
      renderSummary(run, { color }),
      [
        colour('bold', 'run'),
        `  started ${wallTime(startedAt)}, ${lasted}; seed ${seed}; document ${hash.slice(0, 12)}`,
        table(windows),
      ].join('\n'),
      ...(happened.length > 0 ? [[colour('bold', 'events'), table(happened)].join('\n')] : []),
      ...(trust.length > 0 ? [[colour('bold', 'how far the verdict can be trusted'), ...trust.map((line) => `  ${line}`)].join('\n')] : []),
      `report: squall report ${id}   data: squall export ${id}`,
    ].join('\n\n'),
  )
  return 0
}
export default show
