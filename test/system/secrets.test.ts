import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SquallError } from '../../src/errors.ts'
import { masked } from '../../src/system/masking.ts'
import { openSecrets } from '../../src/system/secrets.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-secrets-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function secretsFile(text: string, mode = 0o600): string {
  const file = join(folder, `secrets-${++files}`)
  writeFileSync(file, text, { mode })
  chmodSync(file, mode)
  return file
}

function withVariable(name: string, value: string, work: () => void): void {
  process.env[name] = value
  try {
    work()
  } finally {
    delete process.env[name]
  }
}

const code = (wanted: string) => (error: unknown) => error instanceof SquallError && error.code === wanted

describe('secrets', () => {
  test('the environment comes first, then the file', () => {
    const file = secretsFile('UNIT_A=from the file\n')
    const valueNow = (): string => openSecrets(file).value('UNIT_A')
    assert.equal(valueNow(), 'from the file')
    withVariable('UNIT_A', 'from the environment', () => assert.equal(valueNow(), 'from the environment'))
    withVariable('UNIT_A', '', () => assert.equal(valueNow(), 'from the file', 'an empty variable is none'))
  })

  test('a file has one NAME=value a line, comments and quotes as people write them', () => {
    const secrets = openSecrets(secretsFile('# keys\n\nexport A = plain text \nB="quoted # text"\r\nC=\'one=two\'\nnot a line\n D=last'))
    assert.deepEqual(['A', 'B', 'C', 'D'].map(secrets.value), ['plain text', 'quoted # text', 'one=two', 'last'])
  })

  test('what was read is masked from then on', () => {
    assert.equal(masked('a very private text'), 'a very private text')
    openSecrets(secretsFile('UNIT_B=very private')).value('UNIT_B')
    assert.equal(masked('a very private text'), 'a ••• text')
  })

  test('one that is not set is missing, and the hint says where it could stand', () => {
    const file = secretsFile('')
    assert.throws(() => openSecrets().value('UNIT_NOWHERE'), code('secret-missing'))
    assert.throws(
      () => openSecrets(file).value('UNIT_NOWHERE'),
      (error: SquallError) => error.hint.includes(file) && error.hint.includes('UNIT_NOWHERE'),
    )
    assert.equal(openSecrets(file).has('UNIT_NOWHERE'), false)
  })

  test('one that is too short to be masked is refused', () => {
    withVariable('UNIT_C', 'abc', () => assert.throws(() => openSecrets().value('UNIT_C'), code('secret-too-short')))
    withVariable('UNIT_C', 'abcd', () => assert.equal(openSecrets().value('UNIT_C'), 'abcd'))
  })

  test('a file that others can read or write is refused, and its content is not shown', () => {
    for (const mode of [0o640, 0o604, 0o620]) {
      const file = secretsFile('UNIT_D=for nobody else', mode)
      assert.throws(
        () => openSecrets(file).value('UNIT_D'),
        (error: SquallError) =>
          error.code === 'secrets-not-trusted' && error.message.includes(mode.toString(8)) && !/nobody/.test(error.message),
      )
    }
  })

  test("somebody else's file is refused", { skip: process.getuid?.() === 0 ? false : 'needs root, to give a file away' }, () => {
    const file = secretsFile('UNIT_E=planted by another')
    chownSync(file, 4711, 4711)
    assert.throws(() => openSecrets(file).value('UNIT_E'), code('secrets-not-trusted'))
  })

  test('what was read once is not read again: a run does not end because somebody moved the file', () => {
    const file = secretsFile('UNIT_G=read once')
    const secrets = openSecrets(file)
    assert.equal(secrets.value('UNIT_G'), 'read once')
    rmSync(file)
    assert.equal(secrets.value('UNIT_G'), 'read once')
    assert.throws(() => secrets.value('UNIT_H'), code('file-not-readable'))
  })

  test('a folder, or a pipe that nobody writes to, is no file', () => {
    const pipe = join(folder, 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    for (const path of [folder, pipe]) assert.throws(() => openSecrets(path).value('UNIT_I'), code('file-not-readable'))
  })

  test('a file that is not there is told by its name, but only when it is needed', () => {
    const secrets = openSecrets(join(folder, 'nothing'))
    assert.throws(() => secrets.value('UNIT_F'), code('file-not-readable'))
    withVariable('UNIT_F', 'in the environment', () => assert.equal(secrets.value('UNIT_F'), 'in the environment'))
  })
})
