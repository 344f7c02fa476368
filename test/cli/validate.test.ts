import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { runChild } from '../../src/system/children.ts'
import { squall } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-validate-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const good = `name: freeze
hypothesis: Nobody notices.
environment: test
traffic: { url: http://localhost:8080/, rate: 50/s }
faults:
  - { type: pause, target: { process: payments } }
`
const bad = good.replace('50/s', '50')

/** A file in a folder of the test, with the folders above it. */
function file(path: string, content: string | Buffer): string {
  const whole = join(folder, path)
  mkdirSync(join(whole, '..'), { recursive: true })
  writeFileSync(whole, content)
  return whole
}

interface Answer {
  schema: string
  valid: boolean
  files: { file: string; valid: boolean; hash?: string; problems: { code: string; line: number; fix: string }[] }[]
}

suite('squall validate', () => {
  test('a valid document is one line on stdout, with what it judges and does', async () => {
    const path = file('good.yaml', good)
    assert.deepEqual(await squall('validate', path), {
      exit: 0,
      stdout: `${path} is valid: freeze, 3 measures judged, 1 fault\n`,
      stderr: '',
    })
  })

  test('warnings are shown and counted, and refuse nothing', async () => {
    const path = file('warned.yaml', `${good}vars: { unused: 1 }\n`)
    const { exit, stdout, stderr } = await squall('validate', path)
    assert.equal(exit, 0)
    assert.match(stdout, /is valid: .*, 1 warning$/m)
    assert.match(stderr, /warning vars\.unused: .*\[variable-unused\]/)
  })

  test('each error has its place, its line with a caret and a fix; the exit code is 2', async () => {
    const path = file('bad.yaml', bad)
    const { exit, stdout, stderr } = await squall('validate', path)
    assert.equal(exit, 2)
    assert.equal(stdout, '')
    assert.equal(
      stderr,
      `${path}:4:47 error traffic.rate: 50 has no unit, expected a rate such as 50/s or 10/m [quantity]
  | traffic: { url: http://localhost:8080/, rate: 50 }
  |                                               ^^
  fix: write 50/s or 50/m
${path} is not valid: 1 error
`,
    )
  })

  test('a folder means its experiments, not its other YAML and JSON, nor hidden ones or packages', async () => {
    const expected = [
      file('many/b.yaml', good),
      file('many/deep/a.json', JSON.stringify({ name: 'x', faults: [] })),
      file('many/z.yml', bad),
    ]
    file('many/compose.yaml', 'services: { web: { image: nginx } }\n')
    file('many/.hidden/c.yaml', good)
    file('many/node_modules/d.yaml', good)
    const { exit, stdout } = await squall('validate', '--json', join(folder, 'many'))
    assert.equal(exit, 2)
    const answer = JSON.parse(stdout) as Answer
    assert.deepEqual(
      answer.files.map((one) => [one.file, one.valid]),
      [
        [expected[0], true],
        [expected[1], false],
        [expected[2], false],
      ],
    )
    assert.match((await squall('validate', join(folder, 'many'))).stdout, /^3 documents: 1 valid, 2 not$/m)
  })

  test('a folder without an experiment is refused with a hint', async () => {
    mkdirSync(join(folder, 'none'))
    const { exit, stderr } = await squall('validate', join(folder, 'none'))
    assert.equal(exit, 2)
    assert.match(stderr, /holds no experiment.*\n {2}hint: .*\n {2}code: file-not-readable/)
  })

  test('JSON gives every problem with code, place and fix, and a hash for what is valid', async () => {
    const { exit, stdout, stderr } = await squall('validate', '--json', file('bad.yaml', bad), file('good.yaml', good))
    assert.equal(exit, 2)
    assert.equal(stderr, '')
    const { schema, valid, files } = JSON.parse(stdout) as Answer
    assert.deepEqual([schema, valid, files.map((one) => one.valid)], ['squall.validate/1', false, [false, true]])
    assert.deepEqual(
      files[0]?.problems.map(({ code, line, fix }) => [code, line, fix]),
      [['quantity', 4, 'write 50/s or 50/m']],
    )
    assert.match(files[1]?.hash ?? '', /^[0-9a-f]{64}$/)
  })

  test('of hundreds of problems fifty are shown, and all are in the JSON', async () => {
    const path = file('hundreds.yaml', good + Array.from({ length: 300 }, (_, index) => `key${index}: 1\n`).join(''))
    const { stderr } = await squall('validate', path)
    assert.equal(stderr.match(/\[key-unknown\]/g)?.length, 50)
    assert.match(stderr, /and 250 more: --json gives all/)
    assert.match(stderr, /is not valid: 300 errors/)
    assert.equal((JSON.parse((await squall('validate', '--json', path)).stdout) as Answer).files[0]?.problems.length, 300)
  })

  test('text that is not UTF-8 is told as such', async () => {
    for (const [bytes, says] of [
      [Buffer.from(`\ufeff${good}`, 'utf16le'), 'UTF-16'],
      [Buffer.from(good.replace('Nobody', 'Für'), 'latin1'), 'not UTF-8'],
    ] as const) {
      const { exit, stderr } = await squall('validate', file('encoded.yaml', bytes))
      assert.equal(exit, 2)
      assert.match(stderr, new RegExp(`the text is ${says}.*\\n {2}fix: save it as UTF-8`))
    }
    assert.equal((await squall('validate', file('encoded.yaml', `\ufeff${good}`))).exit, 0)
  })

  test('- reads what is piped in', async () => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    const piped = (input: string): ReturnType<typeof runChild> =>
      runChild({ argv: [process.execPath, '--disable-warning=ExperimentalWarning', main, 'validate', '-'], input, timeLimit: 30_000 })
    const taken = await piped(good)
    assert.equal(taken.stdout, '<stdin> is valid: freeze, 3 measures judged, 1 fault\n')
    const refused = await piped(bad)
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /^<stdin>:4:47 error/)
  })
})
