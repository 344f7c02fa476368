/** `squall doctor`: what this machine can do and why not, what stands in the way of a run, what is left over. */
import { accessSync, constants, existsSync } from 'node:fs'
import { ables } from '../catalogue.ts'
import { policyWords } from '../document/policy.ts'
import { SquallError } from '../errors.ts'
import type { Able } from '../faults/able.ts'
import { standingFlag } from '../guardian/halt-flag.ts'
import { foreignGuardians } from '../guardian/others.ts'
import { findProgram } from '../system/children.ts'
import { cgroup2Root } from '../system/own-cgroup.ts'
import { ensureStateDir, isRoot, notWritable, stateDir } from '../system/paths.ts'
import { secretsIn } from '../system/secrets.ts'
import { version } from '../system/version.ts'
import type { Command } from './context.ts'
import { finishLeftovers, sweptLine } from './housekeeping.ts'
import { colour, table } from './output.ts'
import { type ProjectOptions, readProject } from './project.ts'
import { leftLine, proxiesLeft } from './proxies-left.ts'

/** A `missing` one here means that no run is possible at all. */
type Check = Able

/** Exit 0: runs are possible; 2: they are not; 6: something may be left behind. */
const doctor: Command<ProjectOptions> = async (_args, options, context) => {
  const folder = stateFolder()
  const state = folder.state === 'ok' ? ensureStateDir() : null
  const left = state ? await finishLeftovers(context, state) : []
  const checks = [
    node(),
    platform(),
    flock(),
    folder,
    halt(state ?? undefined),
    ...(await project(options)),
    parentDeath(),
    limits(),
    ownCgroup(),
    processes(),
    ...(state ? [others(state), ...(await proxies(state))] : []),
  ]
  const leftovers: Check[] = left.map((run) => ({ what: 'left over', state: 'limited', says: sweptLine(run) }))
  const places = (await Promise.all(ables.map((able) => able()))).flat()
  const all = [...checks, ...places, ...leftovers]
  const exit = left.length > 0 ? 6 : checks.some((check) => check.state === 'missing') ? 2 : 0
  if (context.json) context.out(JSON.stringify({ schema: 'squall.doctor/1', version, checks: all, exit }, null, 2))
  else context.out(table(all.map(({ what, state: how, says }) => [mark(how), what, says])))
  return exit
}
export default doctor

function mark(state: Check['state']): string {
  if (state === 'ok') return colour('green', 'ok')
  return state === 'limited' ? colour('yellow', 'limited') : colour('red', 'missing')
}

function node(): Check {
  return { what: 'Node', state: 'ok', says: `${process.versions.node}; Squall ${version}` }
}

function platform(): Check {
  const works = process.platform === 'linux' && existsSync('/proc/self/stat')
  return { what: 'system', state: works ? 'ok' : 'missing', says: works ? 'Linux with /proc' : `${process.platform}: faults need Linux` }
}

function flock(): Check {
  const path = findProgram('flock')
  return {
    what: 'locks',
    state: path ? 'ok' : 'missing',
    says: path ? `flock is ${path}` : 'the program flock is missing: install util-linux',
  }
}

function stateFolder(): Check {
  try {
    const state = ensureStateDir()
    accessSync(state, constants.W_OK)
    return { what: 'state', state: 'ok', says: state }
  } catch (error) {
    const { message, hint } = error instanceof SquallError ? error : notWritable(stateDir(), error)
    return { what: 'state', state: 'missing', says: `${message}: ${hint}` }
  }
}

function halt(state?: string): Check {
  const flag = standingFlag(state)
  return { what: 'halt', state: flag ? 'missing' : 'ok', says: flag ? `${flag} stands: squall halt --clear` : 'not set' }
}

/** The file that holds for documents of this folder, and its secrets. */
async function project(options: ProjectOptions): Promise<Check[]> {
  const found = await readProject(process.cwd(), options)
  if (!found.ok) {
    const says = found.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('; ')
    return [{ what: 'project', state: 'missing', says }]
  }
  if (!found.project) return [{ what: 'project', state: 'ok', says: 'no squall.yaml in this folder or above: no policy' }]
  const { file, environments, secretsFile } = found.project
  const policies = Object.entries(environments).map(([name, policy]) => `${name}: ${policyWords(policy).join('; ') || 'no limits'}`)
  const checks: Check[] = [{ what: 'project', state: 'ok', says: [file, ...policies].join('; ') }]
  return secretsFile === undefined ? checks : [...checks, secretsCheck(secretsFile)]
}

function secretsCheck(file: string): Check {
  try {
    return { what: 'secrets', state: 'ok', says: `${file}: ${secretsIn(file).size} names, readable by you alone` }
  } catch (error) {
    return { what: 'secrets', state: 'missing', says: (error as Error).message }
  }
}

function parentDeath(): Check {
  const found = findProgram('setpriv')
  return {
    what: 'stressors',
    state: found ? 'ok' : 'limited',
    says: found ? 'end with the guardian (setpriv)' : 'end at their own deadline only: setpriv (util-linux) is missing',
  }
}

function limits(): Check {
  const found = findProgram('prlimit')
  return {
    what: "users' code",
    state: found ? 'ok' : 'limited',
    says: found ? 'limited in memory by prlimit' : 'limited by Node only: prlimit (util-linux) is missing',
  }
}

function ownCgroup(): Check {
  const root = cgroup2Root()
  const able = root !== null && writable(root)
  const why = root === null ? 'no cgroup 2 is mounted' : 'the hierarchy is not ours to write'
  return {
    what: 'guardian',
    state: able ? 'ok' : 'limited',
    says: able
      ? `survives its terminal and the cgroup it was started in (${root})`
      : `survives its terminal, not the end of a CI job's cgroup: ${why}`,
  }
}

function processes(): Check {
  return {
    what: 'process faults',
    state: isRoot() ? 'ok' : 'limited',
    says: isRoot() ? 'every process but the protected ones' : "this user's own processes only",
  }
}

function others(state: string): Check {
  const running = foreignGuardians(state)
  return {
    what: 'other runs',
    state: 'ok',
    says: running.length === 0 ? `none elsewhere on this machine` : running.map((run) => `${run.run} of uid ${run.uid}`).join(', '),
  }
}

/** They are meant to be there: services point at them. */
async function proxies(state: string): Promise<Check[]> {
  const left = await proxiesLeft(state)
  return left.map((proxy) => ({ what: 'proxy', state: proxy.status ? 'ok' : 'limited', says: leftLine(proxy) }))
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
