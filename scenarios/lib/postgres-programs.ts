/** The programs of a PostgreSQL server and of repmgr, run as a user that is not root: the server refuses to run as root. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { appendFileSync, closeSync, globSync, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Its path. Debian keeps the programs of a server outside the PATH, a folder a version. */
export function postgresProgram(name: string): string | null {
  const folders = [...globSync('/usr/lib/postgresql/*/bin').sort().toReversed(), ...(process.env.PATH ?? '').split(delimiter)]
  return folders.flatMap((folder) => globSync(join(folder, name)))[0] ?? null
}

/** Why there can be no pair of servers here; undefined: there can. */
export function whyNoPostgresPair(): string | undefined {
  return ['postgres', 'initdb', 'pg_basebackup', 'repmgr', 'repmgrd']
    .map((program) => (postgresProgram(program) ? undefined : `${program} is not installed (Debian: postgresql, repmgr)`))
    .find(Boolean)
}

/** As the user postgres when we are root, and ended with us: `signal` is what it gets then. */
function asPostgres(program: string, args: readonly string[], signal?: string): [string, string[]] {
  const path = postgresProgram(program) ?? program
  const ends = signal === undefined ? [] : ['--pdeathsig', signal]
  const user = process.getuid?.() === 0 ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
  return ['setpriv', [...user, ...ends, '--', path, ...args]]
}

/** Its output. @throws Error with what it said */
export function runAsPostgres(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const [file, rest] = asPostgres(program, args)
  return new Promise((resolve, reject) => {
    execFile(file, rest, { timeout: 60_000, cwd: '/tmp', env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args[0] ?? ''}: ${stderr || stdout || error.message}`))
      else resolve(stdout)
    })
  })
}

/** Goes on until it is ended; what it says is added to the file `log`. */
export function startAsPostgres(program: string, args: readonly string[], log: string, signal = 'QUIT'): ChildProcess {
  const [file, rest] = asPostgres(program, args, signal)
  appendFileSync(log, '')
  const out = openSync(log, 'a')
  try {
    return spawn(file, rest, { stdio: ['ignore', out, out], cwd: '/tmp' })
  } finally {
    closeSync(out)
  }
}

/** The pid in `postmaster.pid` of a data folder; null when there is none. */
export function postmasterIn(data: string): number | null {
  try {
    return Number(readFileSync(join(data, 'postmaster.pid'), 'latin1').split('\n')[0]) || null
  } catch {
    return null
  }
}
