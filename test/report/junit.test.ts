import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { renderJunit } from '../../src/report/junit.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

const xmllint = '/usr/bin/xmllint'
const schema = fileURLToPath(new URL('junit.xsd', import.meta.url))

/** A program outside Squall reads it: `[]` when it is well-formed and as the schema says. */
function complaints(xml: string): string[] {
  const { status, stderr } = spawnSync(xmllint, ['--nonet', '--noout', '--schema', schema, '-'], { input: xml, encoding: 'utf8' })
  return status === 0 ? [] : stderr.trim().split('\n')
}

function ask(xml: string, xpath: string): string {
  const { stdout, stderr } = spawnSync(xmllint, ['--nonet', '--xpath', `string(${xpath})`, '-'], { input: xml, encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout.trim()
}

describe('a run as JUnit XML', { skip: existsSync(xmllint) ? false : 'no xmllint on this machine' }, () => {
  const run = storedOf(fabricatedData())
  const xml = renderJunit([run])

  test('is what CI systems read', () => assert.deepEqual(complaints(xml), []))

  test('the schema of this test is one that can fail', () => {
    assert.notDeepEqual(complaints(xml.replace('failures="', 'failures="x')), [])
    assert.notDeepEqual(complaints(xml.replace('</testcase>', '')), [])
  })

  test('a refuted hypothesis and each broken bound are failures with the sentence of the verdict; what held passes', () => {
    const failure = `//testcase[@name="${run.experiment.hypothesis}"]/failure`
    assert.equal(ask(xml, `${failure}/@message`), run.verdict?.because)
    assert.equal(ask(xml, 'count(//testcase[@name="error_rate in fault: max 5%"]/failure)'), '1')
    assert.equal(ask(xml, 'count(//testcase[@name="latency_p99 in baseline: max 300ms"]/*)'), '0')
    assert.equal(ask(xml, 'count(//testcase[@name="rollback"]/*)'), '0')
    const broken = run.verdict?.cells.filter((cell) => cell.decision === 'breached').length ?? 0
    assert.equal(ask(xml, '//testsuites/@failures'), String(broken + 1))
    assert.equal(ask(xml, 'count(//failure)'), String(broken + 1))
  })

  test('what cannot be told is skipped, never passed', () => {
    const short = fabricatedData()
    short.traffic = short.traffic.filter(({ t }) => t < 65 || t > 130)
    const open = storedOf(short)
    assert.equal(open.verdict?.outcome, 'inconclusive')
    const text = renderJunit([open])
    assert.deepEqual(complaints(text), [])
    assert.equal(ask(text, 'count(//testcase[@name="error_rate in fault: max 5%"]/skipped)'), '1')
    assert.equal(ask(text, `//testcase[1]/skipped/@message`), open.verdict?.because)
    assert.equal(ask(text, '//testsuites/@failures'), '0')
  })

  test('a stop, a defect and an uncertain rollback are errors', () => {
    const stopped = storedOf({ ...fabricatedData(), abort: { by: 'operator', why: 'stopped by Ctrl-C', breached: false, at: 70_000 } })
    const defect = storedOf({ ...fabricatedData(), error: { code: 'fault-failed', message: 'no' } })
    const data = fabricatedData()
    for (const change of data.changes) change.state = 'stuck'
    const text = renderJunit([stopped, defect, storedOf(data)])
    assert.deepEqual(complaints(text), [])
    const end = (n: number, testcase: string): string => ask(text, `//testsuite[${n}]/testcase[${testcase}]/error/@type`)
    assert.deepEqual([end(1, '1'), end(2, '1'), end(3, '@name="rollback"')], ['aborted', 'error', 'stuck'])
  })

  test('a run without a verdict is skipped', () => {
    const { verdict: _verdict, endedAt: _endedAt, ...rest } = run
    const text = renderJunit([rest])
    assert.deepEqual(complaints(text), [])
    assert.equal(ask(text, '//testsuite/@skipped'), '1')
  })

  test('text of others stays text', () => {
    const evil = '"/></testcase>]]><x>&amp; \u0000\u001b[2J\ud800 ü\n'
    const text = renderJunit([{ ...run, experiment: { ...run.experiment, hypothesis: evil } }])
    assert.deepEqual(complaints(text), [])
    assert.equal(ask(text, '//testcase[1]/@name'), '"/></testcase>]]><x>&amp; \ufffd\ufffd[2J\ufffd ü')
  })
})
