/** The parts of the page that are words and tables. */
import type { ChangeRecord } from '../records/run-data.ts'
import type { StoredRun } from '../records/stored-run.ts'
import { quantity } from '../verdict/numbers.ts'
import type { Answer, CellVerdict, Verdict } from '../verdict/verdict.ts'
import { html, type Insert, type Markup } from './markup.ts'
import { allowedWords, decisionMarks, judgedPhases, observedCell } from './observed.ts'
import { changeTimes, clock, duration, factsOf, headline, notesOf, phaseWords, questionsOf } from './words.ts'

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

export function measuresSection({ experiment, verdict }: Run): Markup | null {
  if (!verdict) return null
  const measures = experiment.measures.filter((measure) => measure.is.kind !== 'recovery-time')
  const rows = measures.map(
    (measure) =>
      html`<tr><th scope="row"><bdi>${measure.name}</bdi></th>${judgedPhases.map((phase) => {
        const cell = observedCell(verdict, measure, phase)
        return html`<td>${cell ? [html`<span class="cell">${cell.text}</span>`, cell.judged.map(boundLine)] : html`<span class="muted">–</span>`}</td>`
      })}</tr>`,
  )
  const judged = verdict.cells.filter((cell) => cell.decision !== 'not judged')
  return html`<h2>Measures</h2>
<div class="scroll" tabindex="0"><table>
<thead><tr><th scope="col">measure</th>${judgedPhases.map((phase) => html`<th scope="col">${phase}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>
<ul class="plain">${judged.map((cell) => html`<li><span class="${decisionClass[cell.decision]}" aria-hidden="true">${decisionMarks[cell.decision]}</span> ${cell.sentence}</li>`)}
${verdict.recovery.sentence === '' ? null : html`<li>Recovery time: ${verdict.recovery.sentence}</li>`}</ul>
<details><summary>How each bound was judged</summary><div class="scroll" tabindex="0">${evidenceTable(judged)}</div></details>`
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
  return html`<table><thead><tr>${heads.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead>
<tbody>${cells.map((cell) => html`<tr>${row(cell).map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody></table>`
}

/** What an estimate of this cell is: see `CellVerdict.scale`. */
function onScale({ scale, unit }: CellVerdict, value: number | null): string {
  if (value === null) return '–'
  if (scale === 'slower') return `${quantity(value, 'share')} slower`
  if (scale === 'ratio') return `${value.toFixed(3)}x`
  return scale === 'difference' ? `${value < 0 ? '' : '+'}${quantity(value, unit)}` : quantity(value, unit)
}

export function changesSection({ changes, verdict }: Run): Markup {
  const phrase = verdict?.rollback.sentence ?? ''
  const list = changes.length === 0 ? html`<p class="muted">Nothing was changed.</p>` : changes.map(changeCard)
  return html`<h2>Faults and rollback</h2>
<p>${phrase}</p>
${list}`
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
function lookTable({ looks }: ChangeRecord): Markup {
  type Group = { first: (typeof looks)[number]; last: (typeof looks)[number]; count: number }
  const groups: Group[] = []
  for (const look of looks) {
    const group = groups.at(-1)
    if (group && group.first.active === look.active && group.first.seen === look.seen)
      Object.assign(group, { last: look, count: group.count + 1 })
    else groups.push({ first: look, last: look, count: 1 })
  }
  const dose = (look: Group['first']): string =>
    Object.entries(look.dose ?? {})
      .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
      .join(', ')
  const shown = groups.length <= 40 ? groups : [...groups.slice(0, 20), ...groups.slice(-20)]
  const rows = shown.map(
    ({ first, last, count }) => html`<tr><td>${clock(first.at)}${count > 1 ? ` to ${clock(last.at)}` : ''}</td><td>${count}</td>
<td>${first.active === null ? "can't tell" : first.active ? 'active' : 'not active'}</td><td>${first.seen}</td>
<td>${first.hit ? `${first.hit[0]} of ${first.hit[1]}` : ''}</td><td>${dose(last)}</td></tr>`,
  )
  return html`<details open><summary>What was seen at the target (${looks.length} looks${shown.length < groups.length ? `, ${groups.length - shown.length} groups left out in the middle` : ''})</summary>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">when</th><th scope="col">looks</th><th scope="col">fault</th><th scope="col">evidence</th><th scope="col">targets</th><th scope="col">dose</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`
}

export function notesSection(run: Run): Markup | null {
  const notes = notesOf(run)
  return notes.length === 0 ? null : html`<h2>Notes</h2><ul class="plain">${notes.map((note) => html`<li>${note}</li>`)}</ul>`
}

export function eventsSection({ events, phases }: Run): Markup {
  const happened = [
    ...phases.map(({ phase, from, to }) => ({ at: from, level: '', text: `${phaseWords[phase]} begins, ${duration(to - from)}` })),
    ...events.map(({ at, level, text }) => ({ at, level: level === 'info' ? '' : level, text })),
  ].sort((a, b) => a.at - b.at)
  return html`<h2>What happened</h2>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">when</th><th scope="col"></th><th scope="col">what</th></tr></thead>
<tbody>${happened.map(
    ({
      at,
      level,
      text,
    }) => html`<tr><td>${clock(at)}</td><td class="${level === 'error' ? 'no' : 'unsure'}">${level}</td><td>${text}</td></tr>
`,
  )}</tbody></table></div>`
}

export function documentSection({ document }: Run): Markup {
  return html`<h2>The experiment</h2><details><summary>The document as it was run</summary><pre>${document}</pre></details>`
}
