/** One child kept ready for the moment when no new process can be started (`safety.md` rule 2). */
import { type ChildProcess, spawn } from 'node:child_process'
import { entryPath } from './entry.ts'

let spare: ChildProcess | null = null

/** Starts the spare one, if there is none. Failing is no reason to stop: it is the second line of defence. */
export function keepSpareChild(): void {
  if (spare) return
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entryPath('spare-child')], {
    cwd: '/',
    detached: true,
    env: { PATH: process.env.PATH ?? '', SQUALL_ROLE: 'spare' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.on('error', () => {
    if (spare === child) spare = null
  })
  child.once('exit', () => {
    if (spare === child) spare = null
  })
  child.stdin.on('error', () => {}) // Its exit tells.
  spare = child
}

/** Turns the spare child into the program, or null when there is none. The program must be named by its absolute path. */
export function becomeSpareChild(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): ChildProcess | null {
  const child = spare
  if (!child?.stdin || child.pid === undefined) return null
  spare = null
  child.stdin.end(`${JSON.stringify({ argv, cwd, env })}\n`)
  return child
}

export function endSpareChild(): void {
  spare?.stdin?.end()
  spare = null
}
