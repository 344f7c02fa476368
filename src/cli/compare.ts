/** `squall compare RUN RUN`: two runs side by side, and which differences are more than chance. */
import { SquallError } from '../errors.ts'
import { compareRuns } from '../report/comparison.ts'
import { renderComparisonMarkdown } from '../report/comparison-markdown.ts'
import { renderComparison } from '../report/comparison-text.ts'
import type { Command } from './context.ts'
import { colour } from './output.ts'
import { storedRun } from './stored-run.ts'

const compare: Command<{ format?: string }> = async ([a, b], { format = 'text' }, context) => {
  if (format !== 'text' && format !== 'md')
    throw new SquallError('usage', `--format ${format}: there is no such format`, { hint: 'Formats are text and md.' })
  const comparison = compareRuns(await storedRun(a as string, context), await storedRun(b as string, context))
  if (context.json) context.out(JSON.stringify(comparison, null, 2))
  else if (format === 'md') context.out(renderComparisonMarkdown(comparison))
  else context.out(renderComparison(comparison, { color: colour('bold', 'x') !== 'x' }))
  return 0
}
export default compare
