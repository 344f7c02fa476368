/** Runs as GitHub-flavoured Markdown: for issues, pull requests and the summary of a job. The verdict comes first. */
import type { ChangeRecord } from '../records/run-data.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { fenced, folded, table, text } from './markdown-text.ts'
import { allowedWords, bracketWords, decisionMarks, judgedPhases, observedCell } from './observed.ts'
import { staysOf } from './stays.ts'
import { trustOf } from './trust.ts'
import { changeTimes, clock, factsOf, headline, notesOf, questionsOf, type ShownRun } from './words.ts'

type Run = ShownRun

const outcomeMarks = { passed: '✅', failed: '❌', inconclusive: '❔', aborted: '⏹️', error: '⚠️' } as const

/** GitHub takes 65,536 characters in a comment: what is long is cut, and says so. */
const mostDocument = 20_000
const mostChanges = 40

/** One run, or several with a table of all on top. Ends with a newline. */
export function renderMarkdown(runs: readonly Run[]): string {
  const overview = runs.length > 1 ? [table(['run', 'experiment', 'outcome', 'because'], runs.map(overviewRow))] : []
  return `${[...overview, ...runs.map(oneRun)].join('\n\n')}\n`
}

function overviewRow({ id, experiment, verdict }: Run): string[] {
  return [text(id), text(experiment.name), text(title(verdict)), text(verdict?.because ?? 'no verdict yet')]
}

function title(verdict: Verdict | undefined): string {
  return verdict ? `${outcomeMarks[verdict.outcome]} ${headline(verdict)}` : 'running'
}

function oneRun(run: Run): string {
  const { experiment, verdict, document } = run
  const sections = [
    `## ${text(title(verdict))}: ${text(experiment.name)}`,
    `**${text(verdict?.because ?? 'This run has no verdict yet.')}**`,
    `Hypothesis: ${text(experiment.hypothesis)}`,
    ...(verdict ? [questionTable(verdict), measures(run, verdict)] : []),
    faults(run),
    ...notes(run),
    ...trust(run),
    folded('The document as it was run', documentPart(document)),
    `<sub>${factsOf(run)
      .map(([name, value]) => `${name} ${text(value)}`)
      .join(' · ')}</sub>`,
  ]
  return sections.join('\n\n')
}

function documentPart(document: string): string {
  const shown = fenced(document.slice(0, mostDocument), 'yaml')
  return document.length <= mostDocument ? shown : `${shown}\n\n(it goes on: \`squall export\` has all of it)`
}

function questionTable(verdict: Verdict): string {
  return table(
    ['question', 'answer', 'why'],
    questionsOf(verdict).map(({ asks, answer, reason }) => [text(asks), `**${text(answer)}**`, text(reason)]),
  )
}

function measures({ experiment }: Run, verdict: Verdict): string {
  const rows = experiment.measures
    .filter((measure) => measure.is.kind !== 'recovery-time')
    .map((measure) => [
      text(measure.name),
      ...judgedPhases.map((phase) => {
        const cell = observedCell(verdict, measure, phase)
        if (!cell) return '–'
        return [text(cell.text), ...cell.judged.map((each) => `${decisionMarks[each.decision]} ${text(allowedWords(each))}`)].join('<br>')
      }),
    ])
  const sentences = [
    ...verdict.cells
      .filter((cell) => cell.decision !== 'not judged')
      .map((cell) => `${decisionMarks[cell.decision]} ${text(cell.sentence)}`),
    ...(verdict.recovery.sentence === '' ? [] : [`recovery time: ${text(verdict.recovery.sentence)}`]),
  ]
  return ['### Measures', table(['', ...judgedPhases], rows), list(sentences), `<sub>${bracketWords}</sub>`]
    .filter((part) => part !== '')
    .join('\n\n')
}

function faults(run: Run): string {
  const { changes, verdict } = run
  // What did not end well must not be what is cut.
  const told = changes.toSorted((a, b) => Number(a.state === 'verified') - Number(b.state === 'verified')).slice(0, mostChanges)
  const rows = told.map((change) => [
    text(change.fault),
    text(change.target),
    text(change.injectedAt === undefined ? 'never injected' : change.state),
    text(`${change.does}; ${change.undoes || 'nothing to undo'}`),
    evidence(change).map(text).join('<br>'),
  ])
  const what = rows.length === 0 ? 'Nothing was changed.' : table(['fault', 'target', 'end', 'change and undo', 'seen'], rows)
  const more = changes.length > told.length ? `… and ${changes.length - told.length} more` : ''
  const stays = list(staysOf(run).map(text))
  return ['### Faults and rollback', text(verdict?.rollback.sentence ?? ''), what, more, stays].filter((part) => part !== '').join('\n\n')
}

function evidence(change: ChangeRecord): string[] {
  const looks = [change.looks.find((look) => look.active), change.looks.at(-1)].filter((look) => look !== undefined)
  const troubles = [change.lost, change.weak, change.diedByItself, change.error].filter((trouble) => trouble !== undefined)
  return [
    ...(change.injectedAt === undefined ? [] : [changeTimes(change)]),
    ...[...new Set(looks)].map(({ at, seen }) => `${clock(at)} ${seen}`),
    ...troubles,
  ]
}

function notes(run: Run): string[] {
  const all = notesOf(run)
  return all.length === 0 ? [] : [`### Notes\n\n${list(all.map(text))}`]
}

function trust(run: Run): string[] {
  const parts = trustOf(run).map(({ asks, answers }) => `**${text(asks)}**\n\n${list(answers.map((answer) => text(answer.text)))}`)
  return parts.length === 0 ? [] : [folded('How far the verdict can be trusted', parts.join('\n\n'))]
}

/** Items are Markdown already. */
function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}
