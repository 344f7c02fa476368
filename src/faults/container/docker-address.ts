/** Where the Docker engine is: as the `docker` command finds it, so that what works there works here. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SquallError } from '../../errors.ts'

/** Plain data: it goes into the journal, so that a sweep asks the same engine whatever its environment says. Certificates by path, never by value. */
export type EngineAddress = {
  /** `unix:///var/run/docker.sock` or `tcp://10.0.0.5:2376`. */
  url: string
  tls?: { ca?: string; cert?: string; key?: string; unverified?: true }
}

export const defaultUrl = 'unix:///var/run/docker.sock'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `DOCKER_HOST`, else the context of `DOCKER_CONTEXT` or of docker's configuration, else the socket of this machine.
 * @throws SquallError `docker-address` for a way that Squall cannot go (ssh) and for a context that is not there
 */
export function engineAddress(env: Environment = process.env): EngineAddress {
  if (env.DOCKER_HOST) return fromHost(env.DOCKER_HOST, env)
  const folder = env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker')
  const context = env.DOCKER_CONTEXT ?? currentContext(folder)
  return context === undefined || context === 'default' ? { url: defaultUrl } : fromContext(folder, context)
}

function fromHost(host: string, env: Environment): EngineAddress {
  const url = checked(host, 'DOCKER_HOST')
  const verify = (env.DOCKER_TLS_VERIFY ?? '') !== ''
  if (!url.startsWith('tcp:') || (!verify && env.DOCKER_TLS === undefined)) return { url }
  const folder = env.DOCKER_CERT_PATH ?? env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker')
  return { url, tls: certificatesIn(folder, verify) }
}

/** The files that are there; a server may ask for none of ours. */
function certificatesIn(folder: string, verify: boolean): NonNullable<EngineAddress['tls']> {
  const there = (name: string): string | undefined => (readable(join(folder, name)) === undefined ? undefined : join(folder, name))
  const [ca, cert, key] = [there('ca.pem'), there('cert.pem'), there('key.pem')]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(!verify && { unverified: true }) }
}

function currentContext(folder: string): string | undefined {
  const text = readable(join(folder, 'config.json'))
  if (text === undefined) return undefined
  try {
    const { currentContext: name } = JSON.parse(text) as { currentContext?: unknown }
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    throw new SquallError('docker-address', `${join(folder, 'config.json')} is not JSON`)
  }
}

interface ContextFile {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } }
}

/** Docker keeps a context under the SHA-256 of its name. */
function fromContext(folder: string, name: string): EngineAddress {
  const id = createHash('sha256').update(name).digest('hex')
  const text = readable(join(folder, 'contexts', 'meta', id, 'meta.json'))
  if (text === undefined) throw new SquallError('docker-address', `there is no docker context ${name} in ${folder}`)
  const docker = (JSON.parse(text) as ContextFile).Endpoints?.docker
  const url = checked(docker?.Host ?? defaultUrl, `the docker context ${name}`)
  if (!url.startsWith('tcp:')) return { url }
  const files = join(folder, 'contexts', 'tls', id, 'docker')
  const tls = certificatesIn(files, docker?.SkipTLSVerify !== true)
  return Object.keys(tls).length > 0 ? { url, tls } : { url }
}

function checked(url: string, from: string): string {
  if (/^unix:\/\/\/./.test(url) || /^tcp:\/\/[^/]+$/.test(url)) return url
  if (url.startsWith('ssh:'))
    throw new SquallError('docker-address', `${from} says ${url}: Squall does not go by ssh`, {
      hint: 'Forward the socket (ssh -L /tmp/docker.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix:///tmp/docker.sock.',
    })
  throw new SquallError('docker-address', `${from} says ${url}: expected unix:///path or tcp://host:port`)
}

function readable(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
