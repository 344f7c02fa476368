import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type CommandConfig, command } from '../../src/measures/command.ts'
import type { Reading } from '../../src/measures/source.ts'
import { stateOf, until } from '../helpers/processes.ts'
import { sourceContext } from './source-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-command-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let scripts = 0
/** A program beside the document. */
function program(body: string): string {
  const name = `probe-${++scripts}.sh`
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(folder, name), 0o755)
  return `./${name}`
}

const read = (config: CommandConfig, query = 'q'): Promise<Reading> => command.now!(config, query, sourceContext({ folder }))
const printing = (text: string): Promise<Reading> => read({ run: [program(`cat <<'END'\n${text}\nEND`)] })
const why = async (reading: Promise<Reading>): Promise<string> => ((await reading) as { missing: string }).missing

describe('source command', () => {
  it('reads a number, or JSON that says more', async () => {
    assert.deepEqual(await printing('12.5'), { value: 12.5 })
    assert.deepEqual(await printing('-3e2'), { value: -300 })
    assert.deepEqual(await printing('{"value": 0}'), { value: 0 })
    assert.deepEqual(await printing('{"bad": 3, "total": 80}'), { bad: 3, total: 80 })
    assert.deepEqual(await printing('{"buckets": [[0.1, 4], [1, 9], [null, 10]]}'), {
      buckets: [
        [0.1, 4],
        [1, 9],
        [Number.POSITIVE_INFINITY, 10],
      ],
    })
  })

  it('takes anything else as missing, and says why', async () => {
    for (const [printed, reason] of [
      ['', /printed nothing/],
      ['12 orders', /neither a number nor JSON: 12 orders/],
      ['NaN', /neither a number nor JSON: NaN/],
      ['1e999', /value is Infinity, not a number/],
      ['"12"', /expected \{ value \}, .* not "12"/],
      ['{"value": "12"}', /value is "12", not a number/],
      ['{"bad": 5, "total": 4}', /bad must be from 0 to total, not 5 of 4/],
      ['{"bad": 5}', /must be numbers, not 5 and undefined/],
      ['{"buckets": [[1, 5], [2, 4]]}', /counts growing/],
      ['{"missing": "queue is closed"}', /: queue is closed$/],
    ] as const)
      assert.match(await why(printing(printed)), reason, printed)
  })

  it('takes a failed program as missing, with its last line', async () => {
    assert.match(
      await why(read({ run: [program('echo 5; echo no such queue >&2; exit 3')] })),
      /^probe-\d+\.sh ended with 3: no such queue$/,
    )
    assert.match(await why(read({ run: [program('exec sleep 60')], timeout: 200 })), /took too long and was ended/)
    assert.match(await why(read({ run: [program('yes 1')], timeout: 5000 })), /printed too much and was ended/)
    assert.match(await why(read({ run: ['./not-there.sh'] })), /(?:could not be started|ended with 127): .*not-there\.sh/)
    await assert.rejects(read({ run: ['no-such-program-anywhere'] }), /not on the PATH/)
  })

  it('ends what the program started when its time is over', async () => {
    const pidFile = join(folder, 'pid')
    await read({ run: [program(`sleep 60 & echo $! > ${pidFile}; wait`)], timeout: 300 })
    const pid = Number(readFileSync(pidFile, 'utf8'))
    await until('the grandchild to end', () => ['', 'Z'].includes(stateOf(pid)))
  })

  it('shows it the query and the variables that are named, and no others', async () => {
    process.env.SQUALL_TEST_SHOWN = '7'
    process.env.SQUALL_TEST_HIDDEN = '7'
    const run = [program('echo "{\\"missing\\": \\"$SQUALL_QUERY ${SQUALL_TEST_SHOWN:-unset} ${SQUALL_TEST_HIDDEN:-unset} $(pwd)\\"}"')]
    assert.match(await why(read({ run, env: ['SQUALL_TEST_SHOWN'] }, 'orders')), new RegExp(`: orders 7 unset ${folder}$`))
    delete process.env.SQUALL_TEST_SHOWN
    delete process.env.SQUALL_TEST_HIDDEN
  })

  it('is checked by running it once', async () => {
    assert.deepEqual(await command.check({ run: [program('echo 1')] }, 'q', sourceContext({ folder })), { step: 1000, problems: [] })
    const { problems } = await command.check({ run: [program('exit 1')] }, 'q', sourceContext({ folder }))
    assert.match(problems.join(), /ended with 1/)
  })
})
