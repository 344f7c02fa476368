/**
 * A load as a fault: `load-generator {} MS`. The first line of its standard input is its task, each further one a new rate; the end of the
 * input means nothing. Says `ready` when it has begun, and ends at its deadline whoever is dead by then.
 */
import { createInterface } from 'node:readline'
import type { LoadTask } from '../measures/traffic/load-task.ts'
import { runSecondLoad } from '../measures/traffic/second-load.ts'
import { endProcess } from '../system/exit.ts'

setTimeout(() => endProcess(0), Number(process.argv[3]))
let begun: Promise<(rate: number) => void> | undefined
process.stdout.on('error', () => {}) // Whoever started it may be gone.
process.stdin.on('error', () => {})
createInterface({ input: process.stdin }).on('line', (line) => {
  if (begun) void begun.then((setRate) => setRate(Number(line)))
  else begun = begin(line)
})

async function begin(task: string): Promise<(rate: number) => void> {
  try {
    const setRate = await runSecondLoad(JSON.parse(task) as LoadTask)
    process.stdout.write('ready\n')
    return setRate
  } catch (error) {
    process.stderr.write((error as Error).message, () => endProcess(1))
    return () => {}
  }
}
