/** One command line, run inside the test's own process. */
import { Writable } from 'node:stream'
import { runCommandLine } from '../../src/cli/program.ts'

export interface Said {
  exit: number
  stdout: string
  stderr: string
}

export async function squall(...words: string[]): Promise<Said> {
  const seen = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        seen[name] += String(chunk)
        done()
      },
    })
  const exit = await runCommandLine(words, { stdout: into('stdout'), stderr: into('stderr') })
  return { exit, ...seen }
}
