/** What outlives an engine that was killed: the processes of its containers, their cgroups, its bridges. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { aliveSame, listPids, readCommandLine, readStat } from '../../src/system/proc.ts'

/** Kills what runs in the cgroup of this name, in each hierarchy, and removes the cgroup. */
function removeContainerProcesses(cgroup: string): void {
  const hierarchies = existsSync('/sys/fs/cgroup/cgroup.procs')
    ? ['/sys/fs/cgroup']
    : readdirSync('/sys/fs/cgroup').map((one) => `/sys/fs/cgroup/${one}`)
  for (let tries = 0; tries < 20; tries++) {
    const there = hierarchies.map((one) => join(one, cgroup)).filter((one) => existsSync(one))
    if (there.length === 0) return
    for (const folder of there) {
      thaw(folder)
      dissolve(folder)
    }
    execFileSync('sleep', ['0.05'])
  }
}

/** A frozen process does not die. */
function thaw(folder: string): void {
  if (!folder.startsWith('/sys/fs/cgroup/freezer/')) return
  for (const one of [
    folder,
    ...readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? join(folder, entry.name) : [])),
  ]) {
    try {
      execFileSync('tee', [join(one, 'freezer.state')], { input: 'THAWED', stdio: ['pipe', 'ignore', 'ignore'] })
    } catch {
      // Gone meanwhile.
    }
  }
}

function dissolve(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) dissolve(join(folder, entry.name))
    for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    rmdirSync(folder)
  } catch {
    // Not empty yet, or gone: the caller looks again.
  }
}

function removeLinks(prefix: string): void {
  for (const link of readdirSync('/sys/class/net').filter((name) => name.startsWith(prefix))) {
    try {
      execFileSync('ip', ['link', 'del', link], { stdio: 'ignore' })
    } catch {
      // Gone meanwhile.
    }
  }
}

const folders = join(tmpdir(), 'squall-docker-')

/** Says in the folder of an engine whose it is. */
export function ownFolder(folder: string): void {
  writeFileSync(join(folder, 'owner'), `${process.pid}:${readStat(process.pid)?.start}`)
}

/** What engines of tests that were killed have left. */
export function removeOthersLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(basename(folders)))) {
    const folder = join(tmpdir(), name)
    try {
      const [pid = 0, start = 0] = readFileSync(join(folder, 'owner'), 'latin1').split(':').map(Number)
      if (!aliveSame(pid, start)) removeLeftovers(folder)
    } catch {
      // Being made right now, or being removed.
    }
  }
}

/** Kills the engine of this folder and all its containers, and removes what they had. */
export function removeLeftovers(folder: string): void {
  for (const pid of pidsOfEngine(folder)) killQuietly(pid)
  removeContainerProcesses(cgroupOf(folder))
  removeLinks(linkPrefix(folder))
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  } catch {
    execFileSync('sleep', ['0.5']) // A mount of its namespace goes a moment after its last process.
    rmSync(folder, { recursive: true, force: true })
  }
}

export function cgroupOf(folder: string): string {
  return `/squall-test-${tagOf(folder)}`
}

/** A link's name has at most 15 letters. */
export function linkPrefix(folder: string): string {
  return `sq${tagOf(folder).slice(0, 10)}`
}

function tagOf(folder: string): string {
  return folder.slice(folders.length).replace(/[^a-zA-Z0-9]/g, '')
}

/** dockerd, its containerd, the shims and proxies: all name the folder in their command line. */
function pidsOfEngine(folder: string): number[] {
  return listPids().filter((pid) => {
    const command = readCommandLine(pid) ?? []
    return /(^|\/)(dockerd|containerd|containerd-shim.*|docker-proxy|unshare)$/.test(command[0] ?? '') && command.join(' ').includes(folder)
  })
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone.
  }
}
