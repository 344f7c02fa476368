import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isInstalled } from '../../scripts/lib/components.ts'
import { indexFinish, indexStart } from '../../src/records/index-db.ts'
import { squall } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-completion-'))
const state = join(folder, 'state')
const work = join(folder, 'work')
const pressTab = fileURLToPath(new URL('./press_tab.py', import.meta.url))
/** `squall` and the Node under test, before all others. */
const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, TERM: 'xterm', LANG: 'C.UTF-8', SQUALL_STATE_DIR: state }
after(() => rmSync(folder, { recursive: true, force: true }))

interface Pressed {
  screen: string
  line: string
}

/** What a shell makes of each line, which ends with the presses of Tab. */
function press(argv: string[], setup: string, lines: string[]): Map<string, Pressed> {
  const input = JSON.stringify({ argv, setup, lines })
  const { status, stdout, stderr } = spawnSync('python3', [pressTab], { input, encoding: 'utf8', env, cwd: work, timeout: 120_000 })
  assert.equal(status, 0, stderr)
  const results = JSON.parse(stdout) as [string, string][]
  return new Map(results.map(([screen, line], index) => [lines[index] as string, { screen, line }]))
}

const typed = {
  command: 'squall valid\t',
  manyCommands: 'squall h\t\t',
  option: 'squall run --se\t',
  optionOfOther: 'squall history --li\t',
  document: 'squall plan check\t',
  run: 'squall show 20261121\t',
  runs: 'squall judge 2026112\t\t',
  choice: 'squall completion fi\t',
  folder: 'squall run --out res\t',
  second: 'squall run checkout.yaml --js\t',
  afterEquals: 'squall report --out=check\t\t',
  experiment: 'squall history pay\t',
  fault: 'squall faults pau\t',
}

/** The same is expected of bash and zsh. */
function assertCompleted(pressed: Map<string, Pressed>): void {
  const line = (text: string): string => (pressed.get(text)?.line ?? '').trimEnd()
  assert.equal(line(typed.command), 'squall validate')
  for (const word of ['history', 'halt', 'help']) assert.ok(pressed.get(typed.manyCommands)?.screen.includes(word), word)
  assert.match(line(typed.option), /^squall run --seed=?$/)
  assert.match(line(typed.optionOfOther), /^squall history --limit=?$/)
  assert.equal(line(typed.document), 'squall plan checkout.yaml')
  assert.equal(line(typed.run), 'squall show 20261121-100000-aaaa')
  for (const id of ['20261121-100000-aaaa', '20261122-100000-bbbb']) assert.ok(pressed.get(typed.runs)?.screen.includes(id), id)
  assert.equal(line(typed.choice), 'squall completion fish')
  assert.equal(line(typed.folder), 'squall run --out results/')
  assert.equal(line(typed.second), 'squall run checkout.yaml --json')
  for (const name of ['checkout.yaml', 'checklist.txt']) assert.ok(pressed.get(typed.afterEquals)?.screen.includes(name), name)
  assert.equal(line(typed.experiment), 'squall history payments-freeze')
  assert.equal(line(typed.fault), 'squall faults pause')
}

const without = (program: string): string | false => !isInstalled(program) && `${program} is not installed`

describe('completion', () => {
  before(async () => {
    for (const path of [state, work, join(work, 'results'), join(folder, 'bin')]) mkdirSync(path)
    for (const name of ['checkout.yaml', 'checklist.txt']) writeFileSync(join(work, name), '')
    symlinkSync(squall, join(folder, 'bin', 'squall'))
    symlinkSync(process.execPath, join(folder, 'bin', 'node'))
    for (const [id, startedAt] of [
      ['20261121-100000-aaaa', '2026-11-21T10:00:00.000Z'],
      ['20261122-100000-bbbb', '2026-11-22T10:00:00.000Z'],
    ] as const) {
      await indexStart({ id, name: 'payments-freeze', hash: 'h', environment: 'test', startedAt, runner: null }, state)
      await indexFinish({ id, outcome: 'passed', endedAt: startedAt, exit: 0, rollback: 'verified', because: 'Passed' }, state)
    }
  })

  test('in bash', { skip: without('python3') }, () => {
    const setup = `PS1=; source <(squall completion bash); bind -x '"\\C-xb": printf "<<<%s>>>" "$READLINE_LINE"'`
    assertCompleted(press(['bash', '--norc', '--noprofile', '-i'], setup, Object.values(typed)))
  })

  test('in zsh', { skip: without('zsh') || without('python3') }, () => {
    const setup = `PS1=; autoload -Uz compinit; compinit -u -D; source <(squall completion zsh); said() { print -n "<<<$BUFFER>>>" }; zle -N said; bindkey '^Xb' said`
    assertCompleted(press(['zsh', '-f', '-i'], setup, Object.values(typed)))
  })

  test('in zsh, read as a file of fpath', { skip: without('zsh') || without('python3') }, () => {
    const script = spawnSync(join(folder, 'bin', 'squall'), ['completion', 'zsh'], { encoding: 'utf8', env }).stdout
    mkdirSync(join(folder, 'functions'))
    writeFileSync(join(folder, 'functions', '_squall'), script)
    const setup = `PS1=; fpath=(${join(folder, 'functions')} $fpath); autoload -Uz compinit; compinit -u -D; said() { print -n "<<<$BUFFER>>>" }; zle -N said; bindkey '^Xb' said`
    assertCompleted(press(['zsh', '-f', '-i'], setup, Object.values(typed)))
  })

  test('in fish', { skip: without('fish') }, () => {
    const ask = (text: string): string[] => {
      const script = `squall completion fish | source; complete -C "${text.trimEnd()}"`
      const { status, stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
        encoding: 'utf8',
        env,
        cwd: work,
        timeout: 60_000,
      })
      assert.equal(status, 0, stderr)
      return stdout.trimEnd().split('\n')
    }
    const words = (text: string): string[] => ask(text).map((line) => line.split('\t')[0] ?? '')
    assert.deepEqual(words(typed.command), ['validate'])
    assert.deepEqual(words(typed.manyCommands).toSorted(), ['halt', 'help', 'helper-image', 'history'])
    assert.deepEqual(ask(typed.option), ['--seed\trepeat the random choices of an earlier run'])
    assert.deepEqual(words(typed.document)[0], 'checkout.yaml')
    assert.deepEqual(ask(typed.run), ['20261121-100000-aaaa\tpayments-freeze, passed'])
    assert.deepEqual(words('squall show 2').concat(words('squall show la')), ['20261122-100000-bbbb', '20261121-100000-aaaa', 'last'])
    assert.deepEqual(words(typed.choice), ['fish'])
    assert.deepEqual(words(typed.folder), ['results/'])
    assert.deepEqual(words(typed.experiment), ['payments-freeze'])
    assert.deepEqual(words(typed.fault), ['pause'])
  })
})
