/** Two runs side by side as Markdown: for the pull request that claims to have mended something. */
import type { Comparison } from './comparison.ts'
import { boundWords, contrastValue, contrastWords, documentWords } from './comparison-words.ts'
import { table, text } from './markdown-text.ts'
import { wallTime } from './words.ts'

/** Ends with a newline. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const { a, b, document, measures, bounds, recovery, harm, faults, caveats } = comparison
  const rows = (cells: readonly (readonly (string | null)[])[]): string[][] => cells.map((row) => row.map((cell) => text(cell ?? 'none')))
  const sections = [
    `## ${text(a.name)}: ${text(a.outcome)} → ${text(b.outcome)}`,
    `${text(documentWords(comparison))}.`,
    table(
      ['', 'run', 'started', 'outcome', 'rollback', 'because'],
      rows([a, b].map((run, n) => ['AB'[n] ?? '', run.id, wallTime(run.startedAt), run.outcome, run.rollback, run.because])),
    ),
    ...(document.length === 0 ? [] : [table(['key', 'A', 'B'], rows(document.map((each) => [each.path, each.a, each.b])))]),
    '### Measures',
    table(
      ['measure', 'phase', 'A', 'B', 'B against A'],
      rows(
        measures.map((each) => [...[each.measure, each.phase, contrastValue(each, 'a'), contrastValue(each, 'b')], contrastWords(each)]),
      ),
    ),
    ...(bounds.length === 0 ? [] : [table(['bound', 'A → B'], rows(bounds.map((each) => [each.cell, boundWords(each)])))]),
    table(
      ['', 'A', 'B'],
      rows([
        ['recovery time', recovery.a, recovery.b],
        ['harm', harm.a, harm.b],
        ...faults.map((each) => [`fault ${each.fault}`, each.a, each.b]),
      ]),
    ),
    caveats.map((each) => `- ${text(each)}`).join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}
