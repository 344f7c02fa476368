/**
 * A guest with a stock Debian kernel (User-Mode Linux) that sees all files of this machine; what it writes stays in its own memory.
 * It has what the kernel around us may lack: netem and every other module of Debian, loaded when asked for; cgroup v2.
 * It lacks nftables' families inet, ip and ip6, more than one processor, and a network card.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findInstalled } from '../../scripts/lib/components.ts'
import { root } from '../../scripts/lib/root.ts'

export interface GuestOptions {
  /** Default: the project's folder. */
  cwd?: string
  /** On top of PATH, HOME and NO_COLOR. */
  env?: Record<string, string>
  /** How long the command may take; default 60. */
  seconds?: number
  /** Which control groups are mounted; Debian's default is 2. */
  cgroup?: 1 | 2
  /** Kernel modules that nothing asks for by itself, e.g. `ifb`. */
  modules?: readonly string[]
  /** Default 1024. */
  megabytes?: number
}

export interface GuestEnd {
  /** The command's exit code, 128 + signal, 124 when its time was over; null: the guest itself did not come that far. */
  code: number | null
  stdout: string
  stderr: string
  /** What the guest's kernel said. */
  console: string
}

/** Why there can be no guest here, or false. */
export const noGuest: string | false =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? 'a guest needs Linux on x86-64'
    : (['linux.uml', 'busybox', 'python3', 'cc'] as const)
        .filter((program) => findInstalled(program) === null)
        .map((program) => `${program} is not installed`)
        .join(', ') || false

/** Boots a guest (about 2 s), runs one command in it as root, and is back when the guest is gone. */
export async function inGuest(argv: readonly [string, ...string[]], options: GuestOptions = {}): Promise<GuestEnd> {
  if (noGuest) throw new Error(noGuest)
  const exchange = mkdtempSync(join(tmpdir(), 'squall-guest-'))
  const text = (name: string): string => (existsSync(join(exchange, name)) ? readFileSync(join(exchange, name), 'utf8') : '')
  const seconds = options.seconds ?? 60
  const job = {
    argv,
    project: root,
    cwd: options.cwd ?? root,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', NO_COLOR: '1', ...options.env },
    seconds,
    cgroup: options.cgroup ?? 2,
    modules: options.modules ?? [],
  }
  try {
    writeFileSync(join(exchange, 'job.json'), JSON.stringify(job))
    const console = await boot(exchange, options.megabytes ?? 1024, seconds + 30)
    const code = text('code')
    return { code: code === '' ? null : Number(code), stdout: text('out'), stderr: text('err'), console }
  } finally {
    rmSync(exchange, { recursive: true, force: true })
  }
}

/** What its kernel printed. `seconds`: when a guest that does not end by itself is killed. */
function boot(exchange: string, megabytes: number, seconds: number): Promise<string> {
  const init = join(root, 'test', 'helpers', 'guest_init.py')
  const files = [
    'root=/dev/root',
    'rootfstype=hostfs',
    'rootflags=/',
    'ro',
    `init=${init}`,
    `exchange=${exchange}`,
    `uml_dir=${exchange}/uml`,
  ]
  const child = spawn(
    findInstalled('linux.uml') ?? 'linux.uml',
    [`mem=${megabytes}M`, ...files, 'con=null', 'con0=fd:0,fd:1', 'quiet'],
    // A session of its own: its processes end together, and it does not touch our terminal.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, LD_PRELOAD: wholeRegisters(exchange) } },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  const kill = (): void => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {} // It has ended.
  }
  const late = setTimeout(kill, seconds * 1000)
  process.once('exit', kill)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(said))
  }).finally(() => {
    clearTimeout(late)
    process.off('exit', kill)
    kill() // What is left of its session.
  }) as Promise<string>
}

/** What keeps a guest alive on processors with more registers than its kernel knows, made for this boot in its exchange folder. */
function wholeRegisters(exchange: string): string {
  const made = join(exchange, 'ptrace.so')
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', made, join(root, 'test', 'helpers', 'guest_ptrace.c')])
  return made
}
