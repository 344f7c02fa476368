import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type SourceFile, sources } from './sources.ts'

const lines = ({ text }: SourceFile): number => text.trimEnd().split('\n').length
const listed = (files: SourceFile[]): string[] => files.map((file) => `${file.path}: ${lines(file)} lines`)

suite('file sizes (design.md §5)', () => {
  const product = sources('src')

  test('half of the files in src have at most 90 lines', () => {
    const sorted = product.map(lines).sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    assert.ok(median <= 90, `the median is ${median} lines`)
  })

  test('hardly any has more than 250: three in a hundred', () => {
    const long = product.filter((file) => lines(file) > 250)
    assert.ok(long.length <= Math.max(1, product.length * 0.03), listed(long).join('\n'))
  })

  test('none written by hand has more than 500', () => {
    const everything = sources('src', 'test', 'scripts', 'bench', 'demo')
    assert.deepEqual(listed(everything.filter((file) => lines(file) > 500)), [])
  })
})
