/** A small catalogue with the shapes of the first faults and sources, and short ways to load a text. */
import * as z from 'zod/mini'
import type { DocumentCatalogue } from '../../src/document/document-catalogue.ts'
import type { Experiment } from '../../src/document/experiment.ts'
import { type Loaded, loadDocumentText } from '../../src/document/load.ts'
import type { Problem } from '../../src/document/problems.ts'
import { argv, count, duration, secretText, share, text } from '../../src/document/schema-types.ts'

export const catalogue: DocumentCatalogue = {
  faults: [
    { type: 'pause', places: ['process'], holds: 'process', spec: z.strictObject({}) },
    {
      type: 'kill',
      places: ['process'],
      instant: true,
      holds: 'process',
      spec: z.strictObject({
        signal: z._default(z.enum(['KILL', 'TERM']), 'KILL'),
        restart: z.optional(argv),
        grace: z.optional(duration),
      }),
    },
    {
      type: 'cpu',
      places: ['host'],
      holds: 'processors',
      dials: ['load'],
      spec: z.strictObject({ load: share, cores: z.optional(count) }),
    },
    {
      type: 'command',
      places: ['none'],
      spec: z.strictObject({ inject: argv, rollback: argv, check: argv, timeout: z._default(duration, 30_000) }),
    },
  ],
  sources: [
    {
      type: 'endpoint',
      config: z.strictObject({ url: text, headers: z.optional(z.record(z.string(), secretText)), timeout: z._default(duration, 2000) }),
    },
  ],
}

export const file = 'experiment.yaml'

export function load(source: string, vars: Record<string, string> = {}): Loaded {
  return loadDocumentText(source, file, { vars, catalogue })
}

/** The experiment of a text that must be in order. */
export function valid(source: string, vars: Record<string, string> = {}): { experiment: Experiment; warnings: Problem[] } {
  const loaded = load(source, vars)
  if (!loaded.ok) throw new Error(`not valid: ${JSON.stringify(loaded.problems, null, 1)}`)
  return loaded
}

/** The problems of a text that must not be in order. */
export function problemsOf(source: string, vars: Record<string, string> = {}): Problem[] {
  const loaded = load(source, vars)
  if (loaded.ok) throw new Error('the document is valid')
  return loaded.problems
}

/** A document in order, with parts replaced; a part set to '' is left out. */
export function documentWith(
  parts: Partial<Record<'name' | 'hypothesis' | 'environment' | 'traffic' | 'rest' | 'faults', string>>,
): string {
  const lines = {
    name: 'name: checkout-freezes',
    hypothesis: 'hypothesis: A frozen payments process is not noticed.',
    environment: 'environment: test',
    traffic: 'traffic: { url: http://localhost:8080/, rate: 50/s }',
    rest: '',
    faults: 'faults:\n  - type: pause\n    target: { process: payments }',
    ...parts,
  }
  return `${Object.values(lines)
    .filter((line) => line !== '')
    .join('\n')}\n`
}
