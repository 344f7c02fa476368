/** Runs test files with node:test in a child, shows what fails, and counts. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './root.ts'

export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** Names of those that failed, with their places. */
  failures: string[]
}

export const none = (): Counts => ({ passed: 0, failed: 0, skipped: 0, failures: [] })

export function add(sum: Counts, more: Counts): void {
  for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += more[key]
  sum.failures.push(...more.failures)
}

/** One line of scripts/lib/test-reporter.ts. */
type Line = { counted: 'passed' | 'failed' | 'skipped'; name: string; why?: string } | { show: string }

export interface PartOptions {
  /** One process for all files (quick), or one for each. */
  isolation: 'none' | 'process'
  concurrency?: number
  env: NodeJS.ProcessEnv
  /** ms for a single test. */
  timeout: number
  /** A skipped test counts as failed. */
  skipFails: boolean
}

/** Never throws: a test process that ends early, without a failed test, is counted as one failure. */
export function runTests(files: readonly string[], options: PartOptions): Promise<Counts> {
  const counts = none()
  if (files.length === 0) return Promise.resolve(counts)
  const flags = [
    '--test',
    '--disable-warning=ExperimentalWarning',
    `--test-isolation=${options.isolation}`,
    `--test-timeout=${options.timeout}`,
    `--test-reporter=${join(import.meta.dirname, 'test-reporter.ts')}`,
    '--test-reporter-destination=stderr',
    ...(options.concurrency === undefined ? [] : [`--test-concurrency=${options.concurrency}`]),
  ]
  const child = spawn(process.execPath, [...flags, ...files], { cwd: root, env: options.env, stdio: ['ignore', 'inherit', 'pipe'] })
  // Ctrl-C reaches the tests by the terminal; the others only us. The tests clean up, then we end with them.
  const stay = (): void => {}
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', stay).on('SIGTERM', pass).on('SIGHUP', pass)
  createInterface({ input: child.stderr }).on('line', (text) => take(text, counts, options.skipFails))
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      process.off('SIGINT', stay).off('SIGTERM', pass).off('SIGHUP', pass)
      if (code !== 0 && counts.failed === 0) {
        process.stderr.write(`✖ the test process ended with ${signal ?? `code ${code}`} although no test failed\n`)
        counts.failed++
        counts.failures.push(files.join(' '))
      }
      resolve(counts)
    }
    child.once('error', (error) => process.stderr.write(`${error.message}\n`))
    child.once('close', end)
  })
}

const mark = '\u0001squall-test '

/** What is not ours is the tests' own stderr: shown as it is. */
function take(text: string, counts: Counts, skipFails: boolean): void {
  const at = text.indexOf(mark)
  if (at < 0) return void process.stderr.write(`${text}\n`)
  if (at > 0) process.stderr.write(`${text.slice(0, at)}\n`)
  const line = JSON.parse(text.slice(at + mark.length)) as Line
  if ('show' in line) return void process.stderr.write(`${line.show}\n`)
  const failedSkip = line.counted === 'skipped' && skipFails
  counts[failedSkip ? 'failed' : line.counted]++
  if (failedSkip || line.counted === 'failed') counts.failures.push(line.name)
  if (line.counted === 'skipped')
    process.stderr.write(`${failedSkip ? '✖' : '﹣'} skipped: ${line.name}${line.why ? ` (${line.why})` : ''}\n`)
}
