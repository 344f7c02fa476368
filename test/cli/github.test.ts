import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { tellGithub } from '../../src/cli/github.ts'
import { fabricatedData, storedOf } from '../report/fabricated.ts'
import { squall } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-actions-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const document = join(folder, 'chaos.yaml')
writeFileSync(document, 'name: x\nhypothesis: y\nenvironment: test\nmeasurs: {}\n')
const summary = join(folder, 'summary.md')

const names = ['GITHUB_ACTIONS', 'GITHUB_WORKSPACE', 'GITHUB_STEP_SUMMARY'] as const

async function validate(...options: string[]): Promise<{ stdout: string; stderr: string }> {
  const said = await squall('validate', document, ...options)
  assert.equal(said.exit, 2)
  return said
}

describe('in GitHub Actions', () => {
  let before: (string | undefined)[] = []
  beforeEach(() => {
    before = names.map((name) => process.env[name])
    Object.assign(process.env, { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, GITHUB_STEP_SUMMARY: summary })
    writeFileSync(summary, 'another step\n')
  })
  afterEach(() => {
    for (const [n, name] of names.entries()) {
      const value = before[n]
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  test('validate puts each problem beside its line', async () => {
    const { stderr } = await validate()
    assert.match(stderr, /^::error file=chaos\.yaml,line=4,col=1,endColumn=7,title=squall%3A key-unknown::.*measurs/m)
  })

  test('stdout stays what was asked for, and --no-github or another place silence it', async () => {
    const json = await validate('--json')
    assert.equal((JSON.parse(json.stdout) as { valid: boolean }).valid, false)
    assert.match(json.stderr, /^::error /m)
    assert.doesNotMatch((await validate('--no-github')).stderr, /^::/m)
    delete process.env.GITHUB_ACTIONS
    assert.doesNotMatch((await validate()).stderr, /^::/m)
  })

  test('the verdict is added to the summary of the job', async () => {
    const said: string[] = []
    await tellGithub(storedOf(fabricatedData()), document, {}, (line) => said.push(line))
    assert.match(readFileSync(summary, 'utf8'), /^another step\n## ❌ failed: payments-freeze\n/)
    assert.match(said.join('\n'), /^::error file=chaos\.yaml,line=1,title=payments-freeze%3A failed::error_rate/)
  })

  test('a summary that cannot be written is a warning, not the end', async () => {
    process.env.GITHUB_STEP_SUMMARY = join(folder, 'no', 'such', 'folder')
    const said: string[] = []
    await tellGithub(storedOf(fabricatedData()), document, {}, (line) => said.push(line))
    assert.match(said.at(-1) ?? '', /^warning: the summary of the job cannot be written/)
  })

  test('with --no-github nothing is said and nothing is written', async () => {
    const said: string[] = []
    await tellGithub(storedOf(fabricatedData()), document, { github: false }, (line) => said.push(line))
    assert.deepEqual([said, readFileSync(summary, 'utf8')], [[], 'another step\n'])
  })
})
