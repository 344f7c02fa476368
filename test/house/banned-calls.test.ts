import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { places, sources } from './sources.ts'

interface Ban {
  what: string
  pattern: RegExp
  /** Files or folders where it may stand, and why elsewhere not. */
  allowed: readonly string[]
  instead: string
}

const bans: readonly Ban[] = [
  { what: 'starting programs', pattern: /child_process/, allowed: ['src/system/'], instead: 'src/system/children.ts starts every child' },
  {
    what: 'a shell',
    pattern: /shell:\s*true|\bexecSync\(|['"](?:sh|bash)['"],\s*\[?\s*['"]-c/,
    allowed: [],
    instead: 'use argument vectors',
  },
  {
    what: 'process.exit',
    pattern: /process\.(?:exit|abort|reallyExit)\(/,
    allowed: ['src/system/exit.ts'],
    instead: 'set process.exitCode',
  },
  { what: 'chance without a seed', pattern: /Math\.random\(/, allowed: [], instead: 'src/system/random.ts' },
  { what: 'console', pattern: /\bconsole\./, allowed: [], instead: 'a command writes through its context' },
  { what: 'code from text', pattern: /\beval\(|new Function\(|node:vm/, allowed: [], instead: 'rollback state is data' },
  {
    what: 'reading a clock',
    pattern: /Date\.now\(|performance\.now\(|process\.hrtime/,
    // In these loops microseconds count, and each thread has a clock of its own.
    allowed: ['src/system/', 'src/measures/traffic/', 'src/entries/cpu-worker.ts'],
    instead: 'src/system/clock.ts says which clock is for what',
  },
]

suite('calls that stand in one place only', () => {
  const files = sources('src')
  for (const { what, pattern, allowed, instead } of bans) {
    test(`${what}: ${instead}`, () => {
      const elsewhere = files.filter(({ path }) => !allowed.some((place) => path.startsWith(place)))
      assert.deepEqual(
        elsewhere.flatMap((file) => places(file, pattern)),
        [],
      )
    })
  }

  test('the search sees code and overlooks comments', () => {
    const file = { path: 'x.ts', text: '', code: sources('src').find(({ path }) => path === 'src/system/exit.ts')?.code ?? '' }
    assert.equal(places(file, /process\.exit\(/).length, 1)
    assert.equal(places(file, /exitCode/).length, 0)
  })
})
