/** What no fault of the network may cut: the operator's own session, the ways by which things are put back, and the state's file system. */
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SquallError } from '../../errors.ts'
import { stateDir } from '../../system/paths.ts'
import { listPids, readEnvironment, readStat } from '../../system/proc.ts'
import { socketHolders, tcpSockets } from '../../system/tcp-table.ts'
import { type Flow, flowText, type To } from '../packets/to.ts'

export interface Protected {
  flow: Flow
  why: string
}

/** Right now, as seen from this machine's own network namespace. */
export async function protectedFlows(): Promise<Protected[]> {
  const found = [...sessions(), ...stateFileSystem(), ...(await waysBack())]
  return [...new Map(found.map((one) => [flowText(one.flow), one])).values()]
}

/**
 * Those of them that `to` would hit: to be spared where it means many addresses.
 * @throws SquallError `target-protected` where it names one of them
 */
export function sparedFrom(all: readonly Protected[], to: To | undefined, flows: readonly Flow[] | undefined): Protected[] {
  const hit = all.filter(({ flow }) => !flows || flows.some((meant) => holds(meant, flow)))
  const named = to?.host !== undefined && to.prefix === undefined ? hit[0] : undefined
  if (named) throw new SquallError('target-protected', `${flowText(named.flow)} is ${named.why}: Squall never cuts that`)
  return hit
}

function holds(meant: Flow, flow: Flow): boolean {
  if (meant.family !== flow.family || (meant.port !== undefined && flow.port !== undefined && meant.port !== flow.port)) return false
  const list = new BlockList()
  const family = meant.family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(meant.address, meant.prefix, family)
  return list.check(flow.address, family)
}

function whole(address: string, port?: number): Flow {
  const family = isIP(address) === 6 ? 6 : 4
  return { family, address, prefix: family === 4 ? 32 : 128, ...(port !== undefined && { port }) }
}

/** Whoever is logged in over the network: the peers of SSH servers, and of what started us. */
function sessions(): Protected[] {
  const servers = new Set(listPids().filter((pid) => /^(sshd|dropbear|mosh-server)/.test(readStat(pid)?.comm ?? '')))
  const connected = tcpSockets().filter(({ state, remoteIsLocal }) => state === 'connected' && !remoteIsLocal)
  const holders = socketHolders(new Set(connected.map(({ inode }) => inode)))
  const found = connected
    .filter(({ inode }) => holders.get(inode)?.some((pid) => servers.has(pid)))
    .map(({ remoteAddress, remotePort }) => ({ flow: whole(remoteAddress, remotePort), why: 'an SSH session on this machine' }))
  const own = (process.env.SSH_CONNECTION ?? sshOfAncestors() ?? '').split(' ')
  if (isIP(own[0] ?? '') !== 0) found.push({ flow: whole(own[0] ?? '', Number(own[1])), why: 'the session from which Squall was started' })
  return found
}

/** Sessions pass the variable on to everything below; the guardian itself has a shorter environment. */
function sshOfAncestors(): string | undefined {
  for (let stat = readStat(process.pid), n = 0; stat && stat.pid > 1 && n < 100; stat = readStat(stat.ppid), n++) {
    const found = readEnvironment(stat.pid)?.get('SSH_CONNECTION')
    if (found) return found
  }
  return undefined
}

/** Where the state lies on another machine's disk: without it the journal cannot be written. */
function stateFileSystem(): Protected[] {
  const state = stateDir()
  const mounts = read('/proc/self/mountinfo').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4] ?? ''
    const [kind = '', , options = ''] = after.split(' ')
    return `${state}/`.startsWith(point === '/' ? '/' : `${point}/`) ? [{ point, kind, options }] : []
  })
  const mount = mounts.sort((one, other) => one.point.length - other.point.length).at(-1)
  const address = /(?:^|,)addr=([^,]+)/.exec(mount?.options ?? '')?.[1]
  if (!mount || address === undefined || isIP(address) === 0) return []
  return [{ flow: whole(address), why: `the ${mount.kind} server on which Squall's state lies` }]
}

/** Engines and APIs through which other faults are undone. */
async function waysBack(): Promise<Protected[]> {
  const engine = /^(?:tcp|https?):\/\/(.+?)\/?$/.exec(process.env.DOCKER_HOST ?? '')?.[1]
  const kubeFiles = (process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config')).split(':')
  const clusters = kubeFiles.flatMap((file) => read(file).flatMap((line) => /^\s*server:\s*"?https?:\/\/([^/"\s]+)/.exec(line)?.[1] ?? []))
  const named = [
    ...(engine ? [{ where: engine, why: 'the Docker engine', port: 2375 }] : []),
    ...clusters.map((where) => ({ where, why: 'the API of a Kubernetes cluster', port: 443 })),
  ]
  const found = await Promise.all(
    named.map(async ({ where, why, port }) => {
      const [, host = '', digits] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(where) ?? []
      const addresses = isIP(host)
        ? [host]
        : await lookup(host, { all: true })
            .then((all) => all.map(({ address }) => address))
            .catch(() => [])
      return addresses.map((address) => ({ flow: whole(address, digits === undefined ? port : Number(digits)), why }))
    }),
  )
  return found.flat()
}

function read(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
