/** Docker and Kubernetes as seen from here: names only. No cluster is contacted, and Docker only through its local socket. */
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { readMap } from './project.ts'

export interface Docker {
  socket: string
  /** Names of the running containers; or why they could not be asked for. */
  containers: string[] | { unknown: string }
}

export interface Kubernetes {
  contexts: string[]
  current?: string
}

/** ms that Docker gets to answer: looking around must not take long. */
const patience = 500

/** Null when there is no local socket; a Docker elsewhere is not asked. */
export async function findDocker(env: NodeJS.ProcessEnv = process.env): Promise<Docker | null> {
  const host = env.DOCKER_HOST
  const socket = host ? /^unix:\/\/(.+)$/.exec(host)?.[1] : '/var/run/docker.sock'
  if (socket === undefined || !existsSync(socket)) return null
  try {
    return { socket, containers: await containerNames(socket) }
  } catch (error) {
    return { socket, containers: { unknown: whyUnknown(error as NodeJS.ErrnoException) } }
  }
}

function whyUnknown({ name, code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES') return 'asking it is not permitted'
  return name === 'AbortError' || name === 'TimeoutError' ? 'it did not answer in time' : `it cannot be asked (${message})`
}

function containerNames(socketPath: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/containers/json', signal: AbortSignal.timeout(patience) }, async (response) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        const list = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { Names?: string[] }[]
        resolve(list.map(({ Names }) => (Names?.[0] ?? '').replace(/^\//, '')))
      } catch (error) {
        reject(error as Error)
      }
    })
    asked.once('error', reject).end()
  })
}

/** The contexts of the kubeconfig files; null when there is none. */
export function findKubernetes(env: NodeJS.ProcessEnv = process.env): Kubernetes | null {
  const files = env.KUBECONFIG?.split(delimiter).filter(Boolean) ?? [join(homedir(), '.kube', 'config')]
  const configs = files.map((file) => readMap(file)).filter((config) => config !== null)
  const lists = configs.map((config) => config.contexts).filter((list) => Array.isArray(list))
  const names = lists.flat().map((one: unknown) => (one as { name?: unknown } | null)?.name)
  const contexts = [...new Set(names.filter((name) => typeof name === 'string'))]
  const current = configs.map((config) => config['current-context']).find((name) => typeof name === 'string' && name !== '')
  return contexts.length === 0 ? null : { contexts, ...(typeof current === 'string' && { current }) }
}
