/** The parts of the page that are words and tables. */
import { doseWords } from '../faults/ramp.ts'
import type { ChangeRecord } from '../records/run-data.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { quantity } from '../verdict/numbers.ts'
import type { Answer, CellVerdict, Verdict } from '../verdict/verdict.ts'
import { glanceOf } from './glance.ts'
import { html, type Insert, type Markup } from './markup.ts'
import { allowedWords, bracketWords, decisionMarks, judgedPhases, observedCell } from './observed.ts'
import { folded, scrollingTable } from './page-parts.ts'
import { staysOf } from './stays.ts'
import { trustOf } from './trust.ts'
import { changeTimes, clock, duration, factsOf, headline, notesOf, phaseWords, questionsOf, type ShownRun } from './words.ts'

type Run = StoredRun<Verdict>

const answerClass: Record<Answer, string> = { yes: 'yes', no: 'no', "can't tell": 'unsure' }
const decisionClass = { held: 'yes', breached: 'no', "can't tell": 'unsure', 'not judged': 'muted' } as const

export function head(run: Run): Markup {
  const { experiment, verdict } = run
  const outcome = verdict?.outcome ?? 'running'
  return html`<header>
<span class="badge ${outcome}">${verdict ? headline(verdict) : outcome}</span>
<h1><bdi>${experiment.name}</bdi></h1>
<p class="muted">Hypothesis: <bdi>${experiment.hypothesis}</bdi></p>
</header>
<section class="verdict ${outcome}" aria-label="Verdict">
<p>${verdict?.because ?? 'This run has no verdict yet.'}</p>
${verdict ? questionList(verdict) : null}
</section>
<dl class="glance">${glanceOf(run).map(([asks, answer]) => html`<div><dt>${asks}</dt><dd><bdi>${answer}</bdi></dd></div>`)}</dl>
<dl class="meta">${factsOf(run).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function questionList(verdict: Verdict): Markup {
  return html`<ul class="questions">
${questionsOf(verdict).map(
  ({ asks, answer, reason }) =>
    html`<li><strong>${asks} <span class="${answerClass[answer]}">${answer}</span></strong><span class="small">${reason}</span></li>
`,
)}</ul>`
}

/** On a narrow page each measure becomes a line of three; the roles keep it a table for those who hear it. */
function measureTable({ experiment }: Run, verdict: Verdict): Markup {
  const measures = experiment.measures.filter((measure) => measure.is.kind !== 'recovery-time')
  const rows = measures.map(
    (measure) =>
      html`<tr role="row"><th scope="row" role="rowheader"><bdi>${measure.name}</bdi></th>${judgedPhases.map((phase) => {
        const cell = observedCell(verdict, measure, phase)
        const shown = cell ? [html`<span class="cell">${cell.text}</span>`, cell.judged.map(boundLine)] : html`<span class="muted">–</span>`
        return html`<td role="cell"><span class="phase" aria-hidden="true">${phase}</span>${shown}</td>`
      })}</tr>
`,
  )
  const heads = ['measure', ...judgedPhases].map((head) => html`<th scope="col" role="columnheader">${head}</th>`)
  return html`<table class="measures" role="table" aria-label="What each phase showed, measure by measure">
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`
}

export function measuresSection(run: Run): Markup | null {
  const { verdict } = run
  if (!verdict) return null
  const judged = verdict.cells.filter((cell) => cell.decision !== 'not judged')
  return html`<h2>Measures</h2>
${measureTable(run, verdict)}
<ul class="plain">${judged.map((cell) => html`<li class="${decisionClass[cell.decision]}"><span>${cell.sentence}</span></li>`)}
${verdict.recovery.sentence === '' ? null : html`<li><span>Recovery time: ${verdict.recovery.sentence}</span></li>`}</ul>
<p class="muted small">${bracketWords}</p>
${folded('How each bound was judged', evidenceTable(judged))}`
}

function boundLine(cell: CellVerdict): Markup {
  return html`<span class="bound ${decisionClass[cell.decision]}">${decisionMarks[cell.decision]} ${allowedWords(cell)}: ${cell.decision}</span>`
}

function evidenceTable(cells: readonly CellVerdict[]): Markup {
  const heads = ['measure', 'phase', 'allowed', 'estimate', 'interval', 'of', 'missing', 'inflation', 'decision']
  const row = (cell: CellVerdict): Insert[] => [
    cell.measure,
    cell.phase,
    `${cell.direction} ${cell.allowed.text}`,
    onScale(cell, cell.estimate),
    `${onScale(cell, cell.interval[0])} … ${onScale(cell, cell.interval[1])}`,
    `${cell.n} ${cell.of}`,
    quantity(cell.missing, 'share'),
    cell.inflation.toFixed(2),
    cell.why === undefined ? cell.decision : `${cell.decision}: ${cell.why}`,
  ]
  return scrollingTable('How each bound was judged', heads, cells.map(row))
}

/** What an estimate of this cell is: see `CellVerdict.scale`. */
function onScale({ scale, unit }: CellVerdict, value: number | null): string {
  if (value === null) return '–'
  if (scale === 'slower') return `${quantity(value, 'share')} slower`
  if (scale === 'ratio') return `${value.toFixed(3)}x`
  return scale === 'difference' ? `${value < 0 ? '' : '+'}${quantity(value, unit)}` : quantity(value, unit)
}

export function changesSection(run: Run): Markup {
  const { changes, verdict } = run
  const stays = staysOf(run)
  const phrase = verdict?.rollback.sentence ?? ''
  const list = changes.length === 0 ? html`<p class="muted">Nothing was changed.</p>` : changes.map(changeCard)
  return html`<h2>Faults and rollback</h2>
<p>${phrase}</p>
${list}
${stays.length === 0 ? null : html`<p>What is there when the run is over:</p><ul class="plain">${stays.map((one) => html`<li>${one}</li>`)}</ul>`}`
}

function changeCard(change: ChangeRecord): Markup {
  const troubles = [change.lost, change.weak, change.diedByItself, change.error].filter((text) => text !== undefined)
  const never = change.injectedAt === undefined
  const sure = ['verified', 'nothing to undo', 'handed over'].includes(change.state)
  return html`<div class="card">
<h3><bdi>${change.fault}</bdi> <span class="muted">(${change.type})</span> at <bdi>${change.target}</bdi>: <span class="${sure ? 'yes' : 'no'}">${never ? 'never injected' : change.state}</span></h3>
<p>${never ? 'Planned: ' : ''}${change.does}; ${change.undoes === '' ? 'nothing to undo' : change.undoes}.</p>
${never ? null : html`<p class="muted small">${changeTimes(change)}.</p>`}
${troubles.map((text) => html`<p class="no">${text}</p>`)}
${change.looks.length === 0 ? html`<p class="muted">Nobody looked at the target.</p>` : lookTable(change)}
</div>`
}

/** Looks that say the same as the one before are one row: what counts is what changed, and when it was last seen. */
function lookTable({ looks, ramp }: ChangeRecord): Markup {
  type Group = { first: (typeof looks)[number]; last: (typeof looks)[number]; count: number }
  const groups: Group[] = []
  for (const look of looks) {
    const group = groups.at(-1)
    if (group && group.first.active === look.active && group.first.seen === look.seen)
      Object.assign(group, { last: look, count: group.count + 1 })
    else groups.push({ first: look, last: look, count: 1 })
  }
  const dose = (look: Group['first']): string =>
    ramp && look.asked
      ? doseWords(ramp, look.asked, look.dose)
      : Object.entries(look.dose ?? {})
          .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
          .join(', ')
  const shown = groups.length <= 40 ? groups : [...groups.slice(0, 20), ...groups.slice(-20)]
  const rows = shown.map(({ first, last, count }) => [
    `${clock(first.at)}${count > 1 ? ` to ${clock(last.at)}` : ''}`,
    count,
    first.active === null ? "can't tell" : first.active ? 'active' : 'not active',
    first.seen,
    first.hit ? `${first.hit[0]} of ${first.hit[1]}` : '',
    dose(last),
  ])
  const left = shown.length < groups.length ? `, ${groups.length - shown.length} groups left out in the middle` : ''
  const title = `What was seen at the target (${looks.length} looks${left})`
  const heads = ['when', 'looks', 'fault', 'evidence', 'targets', 'dose']
  // Most faults have one target and no dose: a column without any entry only takes room.
  const used = heads.map((_, column) => rows.some((row) => row[column] !== ''))
  const only = <T>(cells: readonly T[]): T[] => cells.filter((_, column) => used[column])
  return folded(title, scrollingTable(title, only(heads), rows.map(only)), true)
}

export function notesSection(run: Run): Markup | null {
  const notes = notesOf(run)
  return notes.length === 0 ? null : html`<h2>Notes</h2><ul class="plain">${notes.map((note) => html`<li>${note}</li>`)}</ul>`
}

export function trustSection(run: ShownRun): Markup | null {
  const parts = trustOf(run)
  const answer = ({ text, sure }: { text: string; sure: boolean }): Markup =>
    sure ? html`<li>${text}</li>` : html`<li class="unsure"><span>${text}</span></li>`
  return parts.length === 0
    ? null
    : html`<h2>How far the verdict can be trusted</h2>${parts.map(({ asks, answers }) => html`<h3>${asks}</h3><ul class="plain">${answers.map(answer)}</ul>`)}`
}

export function eventsSection({ events, phases }: Run): Markup {
  const happened = [
    ...phases.map(({ phase, from, to }) => ({ at: from, level: '', text: `${phaseWords[phase]} begins, ${duration(to - from)}` })),
    ...events.map(({ at, level, text }) => ({ at, level: level === 'info' ? '' : level, text })),
  ].sort((a, b) => a.at - b.at)
  const rows = happened.map(({ at, level, text }) => [
    clock(at),
    level === '' ? text : html`<strong class="${level === 'error' ? 'no' : 'unsure'}">${level}</strong> ${text}`,
  ])
  return html`<h2>What happened</h2>
${scrollingTable('What happened, in order of time', ['when', 'what'], rows)}`
}

export function documentSection({ document }: Run): Markup {
  return html`<h2>The experiment</h2>${folded('The document as it was run', html`<pre tabindex="0">${document}</pre>`)}`
}
