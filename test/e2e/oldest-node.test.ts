/** The bundle on the oldest Node that Squall promises: one run and its views, with nothing on stderr that only that Node says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { oldestNode } from '../../scripts/lib/components.ts'
import { root } from '../../scripts/lib/root.ts'
import { pauseFault, squall, withStage } from './stage.ts'

const skip = existsSync(oldestNode) ? false : 'the oldest Node is not installed'

test('it is the one that package.json promises', { skip }, () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  assert.equal(execFileSync(oldestNode, ['--version'], { encoding: 'utf8' }).trim(), `v${engines.node.replace('>=', '')}.0`)
})

test(
  'a run, its record and its views work, and nothing warns',
  { skip },
  withStage(async (stage) => {
    const victim = await stage.victim('v')
    const document = stage.document(pauseFault(victim), { fault: '2s' })
    const commands = ['validate', 'plan', 'run'].map((command) => [command, document])
    for (const words of [
      ...commands,
      ['history', 'evil'],
      ['show'],
      ['report'],
      ['export'],
      ['judge'],
      ['rollback'],
      ['doctor'],
      ['faults'],
    ]) {
      const { code, stderr } = await stage.start([oldestNode, squall, ...words]).ended
      assert.equal(code, 0, words.join(' '))
      assert.doesNotMatch(stderr, /Warning/, words.join(' '))
    }
    assert.deepEqual(await stage.record(), { ...(await stage.record()), outcome: 'passed', rollback: 'verified' })
  }),
)
