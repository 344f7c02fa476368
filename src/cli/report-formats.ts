/** The formats of a report. Each is loaded when it is asked for. */
import type { StoredRun } from '../records/stored-run.ts'
import type { Verdict } from '../verdict/verdict.ts'

export interface ReportFormat {
  extension: string
  /** It holds exactly one run. */
  single: boolean
  /** Without a file it goes to stdout. */
  printed: boolean
  render(runs: readonly StoredRun<Verdict>[]): Promise<string>
}

const text = { single: false, printed: true }

export const reportFormats: ReadonlyMap<string, ReportFormat> = new Map<string, ReportFormat>([
  [
    'html',
    {
      ...{ extension: 'html', single: true, printed: false },
      render: async ([run]) => (await import('../report/html.ts')).renderHtml(run as StoredRun<Verdict>),
    },
  ],
  ['md', { ...text, extension: 'md', render: async (runs) => (await import('../report/markdown.ts')).renderMarkdown(runs) }],
  ['junit', { ...text, extension: 'xml', render: async (runs) => (await import('../report/junit.ts')).renderJunit(runs) }],
  [
    'json',
    {
      ...text,
      extension: 'json',
      async render(runs) {
        const { runFacts } = await import('../report/run-facts.ts')
        return `${JSON.stringify({ schema: 'squall.runs/1', runs: runs.map(runFacts) }, null, 2)}\n`
      },
    },
  ],
])
