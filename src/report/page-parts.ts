/** Pieces that the sections of the page share. */
import { html, type Insert, type Markup } from './markup.ts'

/** A table that scrolls by itself where it is wider than the page; whoever has no mouse can reach and scroll it, and hears what it is. */
export function scrollingTable(label: string, heads: readonly Insert[], rows: readonly (readonly Insert[])[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}

export function folded(summary: string, body: Insert, open = false): Markup {
  return open
    ? html`<details open><summary>${summary}</summary>${body}</details>`
    : html`<details><summary>${summary}</summary>${body}</details>`
}
