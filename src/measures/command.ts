/** Source `command`: a program of the author's that prints a number each second. */
import { basename, resolve } from 'node:path'
import * as z from 'zod/mini'
import { argv, duration, once, says, text } from '../document/schema-types.ts'
import { readSecrets } from '../document/secrets.ts'
import { allowedEnvironment, runChild } from '../system/children.ts'
import { absoluteProgram, endWords } from '../system/programs.ts'
import { readReading } from './reading.ts'
import type { Reading, Source, SourceContext } from './source.ts'

const config = once(() =>
  z.strictObject({
    run: says('The program that prints the number, with its arguments; no shell. A path is taken from the document’s folder.', argv),
    cwd: says('Working directory; default: the folder of the document.', z.optional(text)),
    env: says('Names of environment variables that the program gets to see.', z.optional(z.array(text))),
    secrets: says(
      'Names of secrets that the program gets as environment variables; masked in whatever it says.',
      z.optional(z.array(text)),
    ),
    timeout: says('How long it may take; default 900ms: what comes after its second is too late anyway.', z.optional(duration)),
  }),
)

export interface CommandConfig {
  run: string[]
  cwd?: string | undefined
  env?: string[] | undefined
  secrets?: string[] | undefined
  /** ms; default 900. */
  timeout?: number | undefined
}

/** Bytes: a reading is a line. */
const outputLimit = 64 * 1024

export const command: Source<CommandConfig> = {
  type: 'command',
  get config() {
    return config() as unknown as z.core.$ZodType<CommandConfig>
  },
  about: {
    does: 'Runs a program of yours once a second for each measure, and reads what it prints.',
    query: 'Whatever the program makes of it: it stands in its environment as `SQUALL_QUERY`.',
    example: `sources:
  queue: { type: command, run: [./queue-length.sh, orders], secrets: [QUEUE_TOKEN] }
measures:
  waiting: { from: queue, max: { fault: 500 } }`,
    notes: [
      'It prints one number, or JSON: `{"value": 12.5}`, `{"bad": 3, "total": 80}` for a share of events, `{"missing": "why"}`.',
      'Missing, with the reason: another exit status than 0, other output, more than 64 KiB of it, and a program that takes too long: it is ended with all that it started.',
      'No shell is involved. It sees a short list of harmless environment variables (`PATH`, `HOME` …) and those that `env` and `secrets` name: tokens belong to `secrets`, not into `run`.',
    ],
  },

  needs: ({ run: [program = ''], secrets = [] }) => [
    ...(program.includes('/') ? [] : [{ command: program }]),
    ...secrets.map((secret) => ({ secret })),
  ],

  async check(config, query, context) {
    const reading = await measure(config, query, context)
    return { step: 1000, problems: 'missing' in reading ? [reading.missing] : [] }
  },

  now: measure,
}

async function measure({ run, cwd, env, secrets = [], timeout }: CommandConfig, query: string, context: SourceContext): Promise<Reading> {
  const name = basename(run[0] ?? '')
  const result = await runChild({
    argv: absoluteProgram(run, context.folder),
    cwd: resolve(context.folder, cwd ?? '.'),
    env: { ...allowedEnvironment(env), ...(await readSecrets(secrets, context.secret)), SQUALL_QUERY: query },
    timeLimit: timeout ?? 900,
    outputLimit,
    signal: context.signal,
    dieWithParent: true,
  })
  if (result.failed || result.timedOut || result.tooMuch || result.code !== 0) return { missing: `${name} ${endWords(result)}` }
  const reading = readOutput(result.stdout.trim())
  return 'missing' in reading ? { missing: `${name}: ${reading.missing}` } : reading
}

/** One number, or JSON that says more. */
function readOutput(printed: string): Reading {
  if (printed === '') return { missing: 'it printed nothing' }
  try {
    const json: unknown = JSON.parse(printed)
    return readReading(typeof json === 'number' ? { value: json } : json)
  } catch {
    return { missing: `it printed neither a number nor JSON: ${printed.slice(0, 80)}` }
  }
}
