/** The first experiment as text: it starts small, and its comments teach the format. Pure. */
import { trapIn } from '../../document/plain-scalars.ts'
import type { Choice } from './choose.ts'
import type { Service } from './services.ts'

export interface DocumentSettings {
  /** As it is named on the command line. */
  file: string
  /** Where an editor finds the schema: a path relative to the document, or an absolute one. */
  schema: string
  /** What the services together are called. */
  service?: string
}

/** What stands beside the URL. */
const pageNotes: Record<Choice['page'], string> = {
  named: '',
  answers: '',
  untried: ' # not tried yet: does it answer well?',
  'answers badly': ' # FILL IN: this page answered with an error',
  unknown: ' # FILL IN: a page of your service',
}

/** YAML that validates, also where something is still to be filled in. */
export function firstExperiment({ url, page, entry, target, others }: Choice, { file, schema, service }: DocumentSettings): string {
  const what = target ? shown(target.name) : 'my-service'
  return `# yaml-language-server: $schema=${schema}
# A first experiment, written by squall init. Nothing was changed yet. Read it, then:
#   squall plan ${file}    what would be done, and how it is undone; changes nothing
#   squall run ${file}     about a minute; Ctrl-C ends it at any time and puts everything back
name: ${nameOf(what)}
# What you believe. The run says whether it is true, and how sure that is.
hypothesis: >
  After ${what} stood still for five seconds, everything is as before within ten.
environment: test # where this runs: test, staging or production; limits and approvals depend on it
${service === undefined ? '' : `service: ${scalar(service)}\n`}
vars: # another value for one run: squall run ${file} --var rate=100/s --var phase=30s
  url: ${urlScalar(url)}${pageNotes[page]}
  rate: 50/s
  phase: 15s

# Squall asks for this page all the time, at this rate whatever happens, and counts how it is answered.
# Choose a page that matters to people and may be asked for often. Several pages: requests: [{ url: …, weight: 3 }, …]
traffic:
  url: "\${url}"
  rate: "\${rate}"
  timeout: 1s # later is as bad as never

# What is allowed, by measure and phase. Not written, but judged as well: latency_p99 after the fault at most 1.5 times
# the baseline, throughput at least 0.9 times; errors during the fault at most 50 %.
measures:
  error_rate:
    max:
      baseline: 1% # a system that is not well is left in peace: the run stops before the fault
      abort: 50% for 10s # ends the run at once: longer than the fault itself can explain
  recovery_time: { max: 10s }

# What was normal, what happened, what came after. Longer phases find smaller differences.
phases:
  warmup: 3s
  baseline: "\${phase}"
  fault: "\${phase}"
  recovery: "\${phase}"

# One process stands still (SIGSTOP): it is there, its connections stay open, nobody answers. It goes on after five seconds,
# even if Squall itself is killed. Begin with a process that can be missed.
faults:
  - type: pause # squall faults lists the others: kill, cpu, …
    target:
${targetLines(target)}
    for: 5s
${nextSteps(target, entry, others, file)}`
}

function targetLines(target: Service | null): string {
  if (!target) return '      process: { port: 8080 } # FILL IN: the port on which it listens, or its name: process: my-service'
  const many = target.pids.length > 1 ? `; one of its ${target.pids.length} processes is picked` : ''
  if (!target.query.labels) return `      process: { port: ${target.query.port} } # ${shown(target.program)}${many}`
  const pairs = Object.entries(target.query.labels).map(([name, value]) => `${scalar(name)}: ${scalar(value)}`)
  return `      process: { labels: { ${pairs.join(', ')} } } # ${shown(target.program)}, by its SQUALL_LABELS${many}`
}

function nextSteps(target: Service | null, entry: Service | null, others: readonly Service[], file: string): string {
  const names = others.map(({ name }) => shown(name)).slice(0, 5)
  return [
    '',
    `# To see how much a verdict is worth here: squall run ${file} --placebo freezes nothing, and should find nothing.`,
    '# When this has passed, ask for more:',
    '#   error_rate: { max: { fault: 5% } }    hardly anybody notices, while it stands still for the whole phase (no “for”)',
    ...(names.length > 0 ? [`#   another process                       ${names.join(', ')}`] : []),
    ...(target && target === entry ? ['#   a process behind it                   what its requests depend on'] : []),
    '#   environment: staging                  the same question where it counts more',
    '',
  ].join('\n')
}

/** `payments-freeze`: letters, digits and hyphens, at most 63. */
function nameOf(what: string): string {
  const slug = what
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 50)
  return `${slug || 'service'}-freeze`
}

/** A name from outside inside a sentence or a comment: one line, and nothing that the document would take for its own. */
function shown(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._/@:()+-]/gu, '_').slice(0, 80)
}

function scalar(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) && trapIn(text) === undefined && !/^(?:null|true|false)$/i.test(text) ? text : JSON.stringify(text)
}

function urlScalar(url: string): string {
  return /^https?:\/\/[\w.:/[\]?&=%~+-]+$/.test(url) && !url.endsWith(':') ? url : JSON.stringify(url)
}
