import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fromGoFlags } from '../../src/cli/go-flags.ts'
import { squall } from './support.ts'

suite('flags of squall proxy', () => {
  const cases: [string, string][] = [
    ['-host 0.0.0.0 -port=8474', '--host=0.0.0.0 --port=8474'],
    ['--config -odd- -seed -5', '--config=-odd- --seed=-5'],
    ['-proxy-metrics -runtime-metrics=false', '--proxy-metrics'],
    ['-proxy-metrics=T --runtime-metrics=1', '--proxy-metrics --runtime-metrics'],
    ['-version', '--server-version'],
    ['--version', '--version'],
    ['-help', '--help'],
    ['list --json', 'list --json'],
  ]
  for (const [given, wanted] of cases) test(given, () => assert.deepEqual(fromGoFlags(given.split(' ')), wanted.split(' ')))

  test('the version that clients ask for, and our own', async () => {
    assert.equal((await squall('proxy', '-version')).stdout, 'toxiproxy-server version 2.12.0\n')
    assert.match((await squall('proxy', '--version')).stdout, /^\d+\.\d+\.\d+/)
  })

  test('what is wrong is told before anything starts', async () => {
    for (const words of [['-port'], ['-port', 'x'], ['-proxy-metrics=maybe'], ['-seed', 'x'], ['-nope'], ['nope']]) {
      const { exit, stderr } = await squall('proxy', ...words)
      assert.equal(exit, 2, stderr)
      assert.match(stderr, /code: usage/)
    }
  })
})
