/** Each chart with its numbers as a table beside it, for people who cannot see it and for pages without scripts. */
import type { Chart } from './charts.ts'
import { html, type Markup } from './markup.ts'
import { folded } from './page-parts.ts'
import { clock } from './words.ts'

export function chartSection(charts: readonly Chart[]): Markup {
  if (charts.length === 0) return html`<h2>Over time</h2><p class="muted">No measure was recorded in this run.</p>`
  return html`<h2>Over time</h2>
<ul class="key">
<li class="k-baseline">baseline</li><li class="k-fault">fault phase</li><li class="k-active">a fault is active</li>
<li class="k-rollback">rollback</li><li class="k-recovery">recovery</li><li class="k-limit">what was allowed</li>
</ul>
<p class="muted" id="no-charts">The charts need scripts; the tables hold the same numbers.</p>
${charts.map(figure)}`
}

function figure(chart: Chart, n: number): Markup {
  return html`<figure>
<h3>${chart.title}</h3>
<figcaption>${chart.caption} A gap is missing data.${offScale(chart)}</figcaption>
<div class="chart" id="chart-${n}" role="img" aria-label="${chart.spoken}"></div>
${folded(`${chart.title} as a table`, dataTable(chart))}
</figure>
`
}

function dataTable(chart: Chart): Markup {
  const heads = chart.lines.map((line) => html`<th scope="col" class="number">${line.label}</th>`)
  return html`<div class="scroll data" tabindex="0" role="region" aria-label="${chart.title} as a table"><table>
<thead><tr><th scope="col">time</th><th scope="col">phase</th>${heads}</tr></thead>
<tbody>${chart.x.map((x, row) => tableRow(chart, x, row))}</tbody>
</table></div>`
}

function tableRow(chart: Chart, x: number, row: number): Markup {
  const phase = chart.bands.find((band) => x >= band.from - 0.5 && x < band.to - 0.5)?.label ?? ''
  const values = chart.lines.map(({ values }) => {
    const value = values[row] ?? null
    return html`<td class="number">${value === null ? 'no data' : `${value}${chart.suffix}`}</td>`
  })
  return html`<tr><td>${clock(x * 1000)}</td><td>${phase}</td>${values}</tr>
`
}

/** A limit far above all values would flatten the lines: the axis leaves it out and the caption says so. */
function offScale(chart: Chart): string {
  const most = Math.max(0, ...chart.lines.flatMap((line) => line.values.map((value) => value ?? 0)))
  const beyond = chart.limits.filter((limit) => limit.value > Math.max(most * 2.5, most + 5))
  return beyond.length === 0 ? '' : ` Above the chart: ${[...new Set(beyond.map((limit) => limit.label))].join(', ')}.`
}
