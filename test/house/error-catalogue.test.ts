import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { catalogue } from '../../src/errors.ts'
import { read, sources } from './sources.ts'

suite('the error catalogue', () => {
  const codes = Object.keys(catalogue)
  const files = sources('src').filter(({ path }) => path !== 'src/errors.ts')
  const code = files.map((file) => file.code).join('\n')

  test('has no code that nobody uses', () => {
    const gate = read('bin/squall.js')
    const unused = codes.filter((one) => !code.includes(`'${one}'`) && !gate.includes(`code: ${one}`))
    assert.deepEqual(unused, [])
  })

  test('has every code that is thrown', () => {
    const thrown = [...code.matchAll(/new SquallError\(\s*'([^']+)'/g)].map(([, one = '']) => one)
    assert.ok(thrown.length > 10)
    assert.deepEqual(
      thrown.filter((one) => !codes.includes(one)),
      [],
    )
  })

  test('is documented completely, and nothing else is', () => {
    const documented = [...read('docs/errors.md').matchAll(/^## (.+)$/gm)].map(([, one = '']) => one)
    assert.deepEqual(documented.toSorted(), codes.toSorted())
  })

  test('speaks in whole sentences', () => {
    const sentence = /^[A-Z`a-z].*[.!?]$/s
    const wrong = Object.entries(catalogue).filter(([, { means, hint }]) => !sentence.test(means) || !sentence.test(hint))
    assert.deepEqual(
      wrong.map(([one]) => one),
      [],
    )
  })
})
