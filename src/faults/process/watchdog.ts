/** A program that undoes a fault at its deadline and needs nobody: it runs before the fault acts, in a session of its own, and outlives whoever started it. */
import { startChild } from '../../system/children.ts'
import { wallMs } from '../../system/clock.ts'
import { entryPath } from '../../system/entry.ts'
import type { Context } from '../injector.ts'
import { killByMark } from '../marks.ts'

interface Watchdog {
  /** File in src/entries; its arguments are these, and then how many ms it waits. It says a word when it is ready. */
  entry: string
  args: readonly string[]
  /** ms since the epoch. */
  expiresAt: number
}

/** Returns when it is ready. @throws when it did not start */
export function startWatchdog({ entry, args, expiresAt }: Watchdog, { mark }: Pick<Context<never>, 'mark'>): Promise<void> {
  const wait = Math.max(0, expiresAt - wallMs())
  const child = startChild({
    argv: [process.execPath, entryPath(entry), ...args, String(wait)],
    mark: `${mark}/effect`,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((resolve, reject) => {
    child.process?.stdout?.once('data', () => {
      child.process.stdout?.destroy()
      child.process.unref()
      resolve()
    })
    void child.exited.then((exit) =>
      reject(new Error(`the timer that ends the fault did not start: ${exit.failed?.message ?? `exit ${exit.code ?? exit.signal}`}`)),
    )
  })
}

export async function endWatchdog({ mark }: Pick<Context<never>, 'mark'>): Promise<void> {
  await killByMark(`${mark}/effect`)
}
