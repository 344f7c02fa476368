/**
 * `npm test [-- WORD…]`: builds when needed, runs the quick tests in one process, then those with
 * real processes and test/e2e file by file; words pick files by path. SQUALL_TEST_ALL=1: the checks come first, and a skipped test is a failure. The last line gives the counts.
 */
import { buildPackage } from './build.ts'
import { runChecks } from './check.ts'
import { components, isInstalled } from './lib/components.ts'
import { goPrograms } from './lib/go-programs.ts'
import { add, type Counts, none, runTests } from './lib/run-tests.ts'
import { testFiles } from './lib/test-files.ts'

const all = process.env.SQUALL_TEST_ALL === '1'
const words = process.argv.slice(2)
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`
const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** What the tests see: nothing of a Squall around us, nor that a test runner started us. */
function testEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, SQUALL_MARK: _mark, SQUALL_STATE_DIR: _state, FORCE_COLOR: _force, ...env } = process.env
  return { ...env, NO_COLOR: '1' }
}

async function part(name: string, files: readonly string[], run: () => Promise<Counts>): Promise<Counts> {
  if (files.length === 0) return none()
  const started = performance.now()
  say(`── ${name}: ${files.length} ${files.length === 1 ? 'file' : 'files'}`)
  const counts = await run()
  say(
    `── ${name}: ${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''} in ${seconds(started)}`,
  )
  return counts
}

/** The checks as one test: its problems are listed by themselves. */
async function checked(): Promise<Counts> {
  const ok = await runChecks()
  return ok ? { ...none(), passed: 1 } : { ...none(), failed: 1, failures: ['check'] }
}

/** They measure how a service answers, time something, or keep the processors busy: beside other tests the machine is too busy for them. */
const needsQuiet = (file: string): boolean =>
  (all && file.startsWith('test/proxy/')) ||
  /e2e\/(demo|failover|demo-stop|dials|guard|halt|init|kill|kill-points|proxy-benches|pressure)\.test\.ts$|scenarios\/02-/.test(file)

/** Each file in a process of its own, `lanes` at a time, since most of them wait; those that need quiet come last, alone. */
async function eachAlone(files: readonly string[], env: NodeJS.ProcessEnv, lanes = 2): Promise<Counts> {
  const sum = none()
  const lane = async (queue: string[]): Promise<void> => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      add(sum, await oneFile(file, env))
    }
  }
  const together = files.filter((file) => !needsQuiet(file))
  await Promise.all(Array.from({ length: lanes }, () => lane(together)))
  await lane(files.filter(needsQuiet))
  return sum
}

/** Files that failed and then did not. */
const again: string[] = []

/** What measures real time on a busy machine may fail by chance: a file that fails is run once more and says so; failing twice is failing. */
async function oneFile(file: string, env: NodeJS.ProcessEnv): Promise<Counts> {
  const run = (): Promise<Counts> => runTests([file], { isolation: 'process', concurrency: 1, env, timeout: 600_000, skipFails: all })
  const started = performance.now()
  let counts = await run()
  if (counts.failed > 0) {
    say(`── ${file} failed; once more, to tell chance from defect`)
    counts = await run()
    if (counts.failed === 0) again.push(file)
    say(`── ${file}: ${counts.failed === 0 ? 'passed at the second try' : 'failed twice'}`)
  }
  say(`   ${file} ${seconds(started)}`)
  return counts
}

async function main(): Promise<number> {
  const started = performance.now()
  if (await buildPackage()) say(`── build: ${seconds(started)}`)
  const { unit, real, e2e, scenarios } = testFiles(words)
  const missing = [...components, ...goPrograms].filter(({ program }) => !isInstalled(program))
  if (missing.length > 0) say(`not installed, its tests are skipped: ${missing.map((one) => `${one.program} (${one.for})`).join(', ')}`)
  const env = testEnvironment()
  const sum = none()
  const parts = [
    () => part('check', all && words.length === 0 ? ['check'] : [], checked),
    () => part('unit', unit, () => runTests(unit, { isolation: 'none', env, timeout: 60_000, skipFails: all })),
    () => part('real', real, () => eachAlone(real, env)),
    () => part('e2e', e2e, () => eachAlone(e2e, env)),
    // Small systems, two in each file, that wait most of the time.
    () => part('scenarios', scenarios, () => eachAlone(scenarios, env, 3)),
  ]
  for (const one of parts) add(sum, await one())
  const nothing = sum.passed + sum.failed === 0
  if (nothing) say(words.length > 0 ? `no test ran: no test file's path holds ${words.join(' or ')}` : 'no test ran')
  // Again, last: of a long log people and machines keep the end.
  if (again.length > 0) say(`passed only at the second try: ${again.join(', ')}`)
  if (sum.failures.length > 0) say(`failed:\n${sum.failures.map((name) => `  ${name}`).join('\n')}`)
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}\n`)
  return sum.failed > 0 || nothing ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  // esbuild has shown the places itself; the last line must tell in any case.
  if (!(error instanceof Error && 'errors' in error)) console.error(error)
  process.stdout.write('0 passed, 1 failed\n')
  process.exitCode = 1
}
