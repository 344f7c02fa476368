import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { version } from '../../src/system/version.ts'
import { squall } from './support.ts'

suite('the command line', () => {
  test('without a command shows help on stderr and refuses', async () => {
    const { exit, stdout, stderr } = await squall()
    assert.equal(exit, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^Squall runs chaos experiments/)
  })

  test('help names every command in its group, the examples and the exit codes', async () => {
    const { exit, stdout, stderr } = await squall('--help')
    assert.equal(exit, 0)
    assert.equal(stderr, '')
    for (const { name, group } of commands) assert.match(stdout, new RegExp(`^${group}:\\n(?:  .*\\n)*?  ${name}\\b`, 'm'))
    assert.match(stdout, /Examples:\n {2}squall init/)
    assert.match(stdout, /Exit codes: 0 passed/)
    assert.ok(stdout.split('\n').every((line) => line.length <= 100))
    const titles = ['Usage:', 'Examples:', 'Experiments:', 'Safety:', 'Options:', 'Exit codes:']
    assert.deepEqual(
      titles.map((title) => stdout.indexOf(title)),
      titles.map((title) => stdout.indexOf(title)).toSorted((a, b) => a - b),
    )
  })

  test('help of one command shows its arguments, options and examples', async () => {
    const { exit, stdout } = await squall('help', 'run')
    assert.equal(exit, 0)
    for (const word of ['<file>', '--seed <n>', '--var <name=value>', '--json', 'squall run checkout.yaml'])
      assert.ok(stdout.includes(word), word)
  })

  test('--version prints the version and nothing else', async () => {
    assert.deepEqual(await squall('--version'), { exit: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('an unknown command is refused with the one that was probably meant', async () => {
    const { exit, stdout, stderr } = await squall('histroy')
    assert.equal(exit, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^squall: unknown command 'histroy'\n {2}hint: Did you mean history\?\n {2}code: usage\n$/)
  })

  test('what cannot be meant is refused in our own words: no command, help on none, two files where one is taken', async () => {
    for (const words of [['--no-color'], ['help', 'bogus'], ['plan', 'a.yaml', 'b.yaml'], ['history', '--limit', 'x']]) {
      const { exit, stdout, stderr } = await squall(...words)
      assert.equal(exit, 2, words.join(' '))
      assert.match(stdout + stderr, /squall: .*(no such command|too many arguments|--limit x: a whole number).*\n {2}hint: /)
    }
  })

  test('with --json a wrong command line is answered in JSON, wherever --json stands', async () => {
    for (const words of [
      ['--json', 'run', '--nonsense', 'x.yaml'],
      ['run', 'x.yaml', '--nonsense', '--json'],
    ]) {
      const { exit, stdout, stderr } = await squall(...words)
      assert.equal(exit, 2)
      assert.equal(stderr, '')
      const answer = JSON.parse(stdout) as { error: { code: string; message: string }; exit: number }
      assert.equal(answer.error.code, 'usage')
      assert.match(answer.error.message, /--nonsense/)
      assert.equal(answer.exit, 2)
    }
  })

  test('values of options are checked before anything happens', async () => {
    const wrong: [string[], RegExp][] = [
      [['run', 'x.yaml', '--seed', '1.5'], /--seed 1\.5: a whole number/],
      [['history', '--limit', '0'], /--limit 0: a whole number from 1/],
      [['run', 'x.yaml', '--var', 'rate'], /--var rate: name=value/],
      [['plan', 'x.yaml', '--var', 'a=1', '--var', 'a=2'], /--var a is given twice/],
      [['run'], /missing required argument 'file'\n {2}hint: See squall run --help\./],
      [['halt', 'now'], /too many arguments/],
    ]
    for (const [words, sentence] of wrong) {
      const { exit, stderr } = await squall(...words)
      assert.equal(exit, 2, words.join(' '))
      assert.match(stderr, sentence)
    }
  })

  test('every command has its module', async () => {
    for (const { name, load } of commands) assert.equal(typeof (await load()).default, 'function', name)
  })
})
