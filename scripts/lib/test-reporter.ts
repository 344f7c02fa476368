/** Reporter of node:test for scripts/test.ts: each finished test as one marked line, failures in full. */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

const mark = '\u0001squall-test '

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === 'test:pass' || event.type === 'test:fail') yield* lines(event)
    else if (event.type === 'test:stderr' || event.type === 'test:stdout') yield line({ show: event.data.message.trimEnd() })
  }
}

function* lines(event: Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>): Generator<string> {
  const { data } = event
  const suite = data.details.type === 'suite'
  const skip = data.skip ?? data.todo
  const where = data.file ? `${relative(process.cwd(), data.file)}${data.line ? `:${data.line}` : ''}` : ''
  const name = `${where ? `${where} ` : ''}${data.name}`
  if (event.type === 'test:fail' && !data.todo) {
    // A suite or test that only fails because of what is inside it: that is shown and counted itself.
    if ((event.data.details.error as { failureType?: string }).failureType === 'subtestsFailed') return
    yield line({ show: `✖ ${name}\n${failure(event.data.details.error)}` })
    yield line({ counted: 'failed', name })
  } else if (!suite || skip) {
    // Of a skipped suite nothing inside is told: it counts as one.
    yield line(
      skip === undefined || skip === false ? { counted: 'passed', name } : { counted: 'skipped', name, why: skip === true ? '' : skip },
    )
  }
}

/** The cause is what the test threw; what wraps it tells nothing. */
function failure(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error && cause.stack ? cause.stack : inspect(cause)
  return text
    .split('\n')
    .map((one) => `    ${one}`)
    .join('\n')
}

function line(content: object): string {
  return `${mark}${JSON.stringify(content)}\n`
}
