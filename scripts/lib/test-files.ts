/** Which test files there are, and which of them need real processes to themselves. */
import { globSync } from 'node:fs'
import { root } from './root.ts'

export interface TestFiles {
  /** Quick, side by side in one process. */
  unit: string[]
  /** Real processes, sockets and waits of seconds, but nobody in anybody's way: files side by side. */
  real: string[]
  /** test/e2e: whole runs, signals, kills; each file in a process of its own. */
  e2e: string[]
  /** test/scenarios: each of the sixteen, on a system that survives and on one that does not. */
  scenarios: string[]
}

/** All files whose path contains one of `words` (all when none is given), in a fixed order. */
export function testFiles(words: readonly string[]): TestFiles {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort()
  const wanted = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)))
  const isE2e = (file: string): boolean => file.startsWith('test/e2e/')
  const isScenario = (file: string): boolean => file.startsWith('test/scenarios/')
  const isReal = (file: string): boolean => realFolders.some((folder) => file.startsWith(folder))
  const isOther = (file: string): boolean => isE2e(file) || isReal(file) || isScenario(file)
  return {
    unit: wanted.filter((file) => !isOther(file)),
    real: wanted.filter(isReal),
    e2e: wanted.filter(isE2e),
    scenarios: wanted.filter(isScenario),
  }
}

const realFolders = ['test/faults/', 'test/measures/', 'test/guardian/', 'test/proxy/', 'test/system/']
