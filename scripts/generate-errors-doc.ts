/** Makes docs/errors.md from the catalogue in src/errors.ts. `--check`: only says whether it is up to date (exit 1). */
import { join } from 'node:path'
import { catalogue } from '../src/errors.ts'
import { writeGenerated } from './lib/generated.ts'
import { root } from './lib/root.ts'

const ends = {
  2: 'refused before anything was started',
  5: 'error',
  6: 'something may be left behind',
} as const

const sections = Object.entries(catalogue)
  .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  .map(([code, { means, hint, exit }]) => `## ${code}\n\n${means}\n\n- **What to do:** ${hint}\n- **Exit code:** ${exit}, ${ends[exit]}\n`)

const text = `# Errors

<!-- Generated from src/errors.ts by scripts/generate-errors-doc.ts. -->

Every error has a stable code, a sentence and a hint. On a terminal it reads \`squall: sentence\`, then the hint and the code; with
\`--json\` it is \`{ "error": { "code", "message", "hint" }, "exit" }\` on stdout. All exit codes: 0 passed · 1 failed · 2 refused before anything
was started · 3 inconclusive · 4 aborted · 5 error · 6 something may be left behind.

${sections.join('\n')}`

writeGenerated(join(root, 'docs', 'errors.md'), text)
