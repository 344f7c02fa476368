/** A run in plain text, at most 100 columns: at the end of `run`, and for `show`. */
import { styleText } from 'node:util'
import type { StoredRun } from '../records/stored-run.ts'
import type { Outcome, Verdict } from '../verdict/verdict.ts'
import { columns, textWidth, wrap } from './columns.ts'
import { allowedWords, decisionMarks, judgedPhases, observedCell } from './observed.ts'
import { oneLine } from './plain-text.ts'
import { staysOf } from './stays.ts'
import { changeTimes, clock, headline, questionsOf } from './words.ts'

export interface SummaryOptions {
  color: boolean
}

type Style = Parameters<typeof styleText>[0]

const outcomeStyles: Record<Outcome, 'green' | 'red' | 'yellow'> = {
  passed: 'green',
  failed: 'red',
  inconclusive: 'yellow',
  aborted: 'yellow',
  error: 'red',
}

/** Ends without a newline. A run that goes on has no verdict yet and says so. */
export function renderSummary(run: StoredRun<Verdict>, { color }: SummaryOptions): string {
  const paint = (style: Style, text: string): string => (color ? styleText(style, text, { validateStream: false }) : text)
  const title = (text: string): string => paint('bold', text)
  const { verdict } = run
  if (!verdict) return `${oneLine(run.experiment.name)}  run ${run.id}: no verdict yet, it began ${run.startedAt}`
  const outcome = paint(outcomeStyles[verdict.outcome], title(headline(verdict).toUpperCase()))
  const sections = [
    [`${outcome}  ${title(oneLine(run.experiment.name))}  run ${run.id}`, ...wrap(verdict.because, '')],
    questionLines(verdict),
    [title('measures'), ...measureTable(run, verdict).map((line) => `  ${line}`)],
    verdict.cells
      .filter((cell) => cell.decision !== 'not judged')
      .flatMap((cell) => wrap(cell.sentence, `  ${decisionMarks[cell.decision]} `)),
    verdict.recovery.sentence === '' ? [] : wrap(verdict.recovery.sentence, '  recovery time: '),
    [
      title('rollback'),
      ...wrap(verdict.rollback.sentence, '  '),
      ...run.changes.flatMap(changeLines),
      ...staysOf(run).flatMap((one) => wrap(one, '  - ')),
    ],
    verdict.notes.length === 0 ? [] : [title('notes'), ...verdict.notes.flatMap((note) => wrap(note, '  - '))],
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function questionLines(verdict: Verdict): string[] {
  return questionsOf(verdict).flatMap(({ asks, answer, reason }) => wrap(reason, `${asks.toLowerCase().padEnd(16)}${answer.padEnd(12)}`))
}

function measureTable(run: StoredRun, verdict: Verdict): string[] {
  const measures = run.experiment.measures.filter((measure) => measure.is.kind !== 'recovery-time')
  const rows = measures.map((measure) => [
    oneLine(measure.name),
    ...judgedPhases.map((phase) => {
      const cell = observedCell(verdict, measure, phase)
      if (!cell) return '–'
      return [cell.text, ...cell.judged.map((each) => `${decisionMarks[each.decision]} ${oneLine(allowedWords(each))}`)].join('  ')
    }),
  ])
  return columns([['', ...judgedPhases], ...rows], textWidth - 2)
}

function changeLines(change: StoredRun['changes'][number]): string[] {
  const never = change.injectedAt === undefined
  const head = `${change.fault} at ${change.target}: ${never ? 'never injected' : change.state}`
  if (never) return [...wrap(head, '  '), ...(change.error ? wrap(change.error, '    ! ') : [])]
  const active = change.looks.filter((look) => look.active)
  // What a fault has done is known when it is over: the last that was seen of it says most.
  const evidence = [active[0], active.findLast((look) => look.seen !== active[0]?.seen), change.looks.at(-1)].filter(
    (look) => look !== undefined,
  )
  return [
    ...wrap(head, '  '),
    ...wrap(`${change.does}; ${change.undoes || 'nothing to undo'}`, '    '),
    ...wrap(changeTimes(change), '    '),
    ...[...new Set(evidence)].flatMap((look) => wrap(`seen at ${clock(look.at)}: ${look.seen}`, '    ')),
    ...[change.lost, change.weak, change.diedByItself, change.error].flatMap((text) => (text ? wrap(text, '    ! ') : [])),
  ]
}
