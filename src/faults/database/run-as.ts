/** Programs that are run as the user of a database server, when we may be another. */
import { closeSync, openSync } from 'node:fs'
import { runChild, startChild } from '../../system/children.ts'
import { sleep } from '../../system/clock.ts'
import type { ProcessServer } from './process-server.ts'

type User = Pick<ProcessServer, 'uid' | 'gid'>

/** Debian's setpriv does what sudo would, without asking anybody. */
export function asUser({ uid, gid }: User, argv: readonly [string, ...string[]]): [string, ...string[]] {
  return process.getuid?.() === uid ? [...argv] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', ...argv]
}

/** Starts the server as it was started; it outlives us. */
export async function startServer(server: ProcessServer): Promise<void> {
  const { program, args, env, data, output } = server
  const out = output === null ? 'ignore' : openSync(output, 'a')
  try {
    const child = startChild({ argv: asUser(server, [program, ...args]), env, cwd: data, stdio: ['ignore', out, out] })
    child.process?.unref()
    // One that cannot even begin says so at once; all else shows in a look.
    const early = await Promise.race([child.exited, sleep(100).then(() => null)])
    if (early) throw new Error(`${program} ended at once: ${early.failed?.message ?? early.signal ?? `exit ${early.code}`}`)
  } finally {
    if (typeof out === 'number') closeSync(out)
  }
}

/** @throws Error with what it said */
export async function runAs(
  user: User,
  argv: readonly [string, ...string[]],
  env: Record<string, string>,
  timeLimit: number,
): Promise<void> {
  const { code, failed, stdout, stderr } = await runChild({ argv: asUser(user, argv), env, timeLimit, cwd: '/' })
  if (code !== 0) throw new Error(`${argv[0]}: ${failed?.message ?? (stderr.trim() || stdout.trim() || `exit ${code}`).slice(-500)}`)
}

/** What the document names for starting it again: it may go on as the server, or end when it has told somebody else to. */
export async function runOwn(argv: readonly [string, ...string[]]): Promise<void> {
  const child = startChild({ argv, stdio: ['ignore', 'ignore', 'ignore'] })
  child.process?.unref()
  const early = await Promise.race([child.exited, sleep(1_000).then(() => null)])
  if (early && early.code !== 0) throw new Error(`${argv[0]}: ${early.failed?.message ?? early.signal ?? `exit ${early.code}`}`)
}
