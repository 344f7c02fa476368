/** A run as one HTML page that needs nothing else: no network, no other file. What people hand to others. */
import { createHash } from 'node:crypto'
import { chartSection } from './chart-section.ts'
import { chartsOf } from './charts.ts'
import { pageScript, pageStyle, uplotScript, uplotStyle } from './generated/assets.ts'
import { html, Markup, scriptJson } from './markup.ts'
import { changesSection, documentSection, eventsSection, head, measuresSection, notesSection, trustSection } from './sections.ts'
import { headline, type ShownRun } from './words.ts'

/**
 * The page's own policy forbids everything but the two scripts and the style it carries, by their hashes: text of others that
 * slipped through could neither run nor load anything.
 */
export function renderHtml(run: ShownRun): string {
  const style = `${uplotStyle}\n${pageStyle}`
  const charts = chartsOf(run)
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(uplotScript)} ${hashOf(pageScript)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${run.experiment.name}: ${run.verdict ? headline(run.verdict) : 'running'} (${run.id})</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${head(run)}
${measuresSection(run)}
${chartSection(charts)}
${changesSection(run)}
${notesSection(run)}
${trustSection(run)}
${eventsSection(run)}
${documentSection(run)}
<footer>Made by Squall ${run.version} from the record of run ${run.id}. The same numbers as data: <code>squall export ${run.id}</code>. Charts are drawn by uPlot.</footer>
</main>
<script type="application/json" id="chart-data">${scriptJson(charts)}</script>
<script>${new Markup(uplotScript)}</script>
<script>${new Markup(pageScript)}</script>
</body>
</html>
`
  return page.text
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
