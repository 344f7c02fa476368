/** Two runs side by side in plain text, at most 100 columns. */
import { styleText } from 'node:util'
import { columns, wrap } from './columns.ts'
import type { Comparison } from './comparison.ts'
import { boundWords, contrastValue, contrastWords, documentWords } from './comparison-words.ts'
import { oneLine } from './plain-text.ts'
import { wallTime } from './words.ts'

/** Ends without a newline. */
export function renderComparison(comparison: Comparison, { color }: { color: boolean }): string {
  const title = (text: string): string => (color ? styleText('bold', text, { validateStream: false }) : text)
  const { a, b, document, measures, bounds, recovery, harm, faults, caveats } = comparison
  const indented = (rows: readonly (readonly string[])[]): string[] => columns(rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]))
  const pair = (one: string | null, other: string | null): string => `${one ?? 'none'} → ${other ?? 'none'}`
  const sections = [
    [
      title(`A and B: ${documentWords(comparison)}`),
      ...indented([a, b].map((run, n) => ['AB'[n] ?? '', run.id, wallTime(run.startedAt), run.outcome, `rollback ${run.rollback}`])),
      ...document.flatMap(({ path, a: from, b: to }) => wrap(pair(from, to), `  ${oneLine(path)}: `)),
    ],
    [title('verdict'), ...[a, b].flatMap(({ because }, n) => wrap(because, `  ${'AB'[n]} `))],
    [
      title('measures'),
      ...indented([
        ['', '', 'A', 'B', 'B against A'],
        ...measures.map((each) => [
          oneLine(each.measure),
          each.phase,
          contrastValue(each, 'a'),
          contrastValue(each, 'b'),
          // Why it can't be told is often the same for many: below the table.
          each.found === "can't tell" ? each.found : contrastWords(each),
        ]),
      ]),
      ...[...new Set(measures.flatMap(({ why }) => why ?? []))].flatMap((why) => wrap(why, "  can't tell: ")),
    ],
    bounds.length === 0 ? [] : [title('bounds'), ...indented(bounds.map((each) => [oneLine(each.cell), boundWords(each)]))],
    [
      title('recovery and harm'),
      ...wrap(pair(recovery.a, recovery.b), '  recovery time: '),
      ...(harm.a === null && harm.b === null ? [] : wrap(pair(harm.a, harm.b), '  harm: ')),
    ],
    faults.length === 0
      ? []
      : [
          title('faults'),
          ...faults.flatMap((each) => [
            `  ${oneLine(each.fault)}`,
            ...wrap(each.a ?? 'none', '    A '),
            ...wrap(each.b ?? 'none', '    B '),
          ]),
        ],
    [title('how far this goes'), ...caveats.flatMap((each) => wrap(each, '  - '))],
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}
