import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { squall } from './support.ts'

suite('the scripts of squall completion', () => {
  test('know every command and every option of each, for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { exit, stdout } = await squall('completion', shell)
      assert.equal(exit, 0)
      for (const { name, options } of commands) {
        assert.match(stdout, new RegExp(`\\b${name}\\b`), `${shell} ${name}`)
        for (const { flags } of options ?? []) {
          const long = /--([\w-]+)/.exec(flags)?.[1] ?? ''
          assert.match(stdout, new RegExp(`(?:--|-l )${long}\\b`), `${shell} ${name} --${long}`)
        }
      }
    }
  })

  test('know what each argument is: no command has one that the shell cannot help with', async () => {
    const { stdout } = await squall('completion', 'bash')
    const places = [...stdout.matchAll(/^ {4}'([\w-]+) '[\d*]\) (.*) ;;$/gm)]
    assert.equal(places.length, commands.flatMap(({ arguments: list }) => list ?? []).length + 1) // and `help [command]`
    assert.deepEqual(
      places.filter(([, , reply]) => reply === ':').map(([, command]) => command),
      [],
    )
  })

  test('values that help names are offered', async () => {
    assert.match((await squall('completion', 'bash')).stdout, /'report --format'\) _squall_words "\$cur" html md junit json;/)
  })

  test('an unknown shell is refused with those there are', async () => {
    const { exit, stderr } = await squall('completion', 'tcsh')
    assert.equal(exit, 2)
    assert.match(stderr, /no completion for tcsh\n {2}hint: There is one for bash, zsh, fish/)
  })

  test('what is asked for by a key press is never an error', async () => {
    assert.deepEqual(await squall('__complete', 'nonsense'), { exit: 0, stdout: '', stderr: '' })
    assert.match((await squall('__complete', 'fault')).stdout, /^pause\t.+$/m)
  })

  test('the help of a command does not name the hidden one', async () => {
    assert.doesNotMatch((await squall('--help')).stdout, /__complete/)
  })
})
