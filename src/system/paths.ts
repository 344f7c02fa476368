/** Where Squall keeps things (`safety.md` rules 23 and 26). */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { SquallError } from '../errors.ts'
import { distrust } from './files.ts'

const machineDefault = '/var/lib/squall'

/** True for root: its state lies in the machine's folder. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * The folders in which a halt flag stands for everybody: the machine's, always, and a second one named by
 * `SQUALL_MACHINE_DIR`. The variable can only add a place to look, so nobody can dodge the machine's halt with it.
 */
export function machineDirs(): string[] {
  const more = process.env.SQUALL_MACHINE_DIR
  return more && more !== machineDefault ? [more, machineDefault] : [machineDefault]
}

/** This user's state: journals, records, the index. `SQUALL_STATE_DIR` overrides. */
export function stateDir(): string {
  if (process.env.SQUALL_STATE_DIR) return process.env.SQUALL_STATE_DIR
  if (isRoot()) return join(machineDirs()[0] ?? machineDefault, 'state')
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'squall')
}

/**
 * Creates the state folder for this user alone (0700; the machine's folder above root's stays readable, 0755).
 * @throws SquallError `state-not-trusted` when it is a link, another's, or others may write to it; `state-not-writable`
 */
export function ensureStateDir(): string {
  const dir = stateDir()
  try {
    mkdirSync(dirname(dir), { recursive: true, mode: isRoot() ? 0o755 : 0o700 })
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw notWritable(dir, error)
  }
  const reason = distrust(dir, 'folder')
  if (reason) throw new SquallError('state-not-trusted', `the state folder ${dir} cannot be trusted: ${reason}`)
  return dir
}

/** What a failed access to the state folder is for people. */
export function notWritable(dir: string, error: unknown): SquallError {
  const { code, message } = error as NodeJS.ErrnoException
  return new SquallError(
    'state-not-writable',
    `the state folder ${dir} cannot be written (${code?.startsWith('E') && !code.startsWith('ERR_') ? code : message})`,
    { cause: error },
  )
}

/** Folder of one run: `journal`, `lock`, `run.db`, `socket`, `guardian.log`. */
export function runDir(id: string, state = stateDir()): string {
  return join(state, 'runs', id)
}

/** The index of all runs of this user. */
export function indexPath(state = stateDir()): string {
  return join(state, 'index.db')
}
