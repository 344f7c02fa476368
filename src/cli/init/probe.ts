/** `--probe`: asks services of this machine, by loopback only, whether they speak HTTP, and for a page that can be asked for often. */
import { get } from 'node:http'
import type { Service } from './services.ts'

export interface Probed {
  /** The page with the best answer. */
  url: string
  status: number
}

/** ms each page gets to answer. */
const patience = 1000
/** Asked for in this order until one answers well: a front page, then what health checks use. */
const pages = ['/', '/health', '/healthz']
/** No more services than this are asked. */
const most = 16

/** By first pid, those that answered in HTTP. Never leaves the machine, follows no redirect, sends GET without a body. */
export async function probe(services: readonly Service[]): Promise<Map<number, Probed>> {
  const asked = services.filter(({ host }) => host !== null).slice(0, most)
  const answers = await Promise.all(asked.map(async (service) => [service.pids[0], await bestPage(service)] as const))
  return new Map(answers.flatMap(([pid, probed]) => (probed ? [[pid, probed] as const] : [])))
}

async function bestPage({ host, ports }: Service): Promise<Probed | null> {
  let first: Probed | null = null
  for (const page of pages) {
    const url = `http://${host}:${ports[0]}${page}`
    const status = await statusOf(url)
    if (status === null) break
    first ??= { url, status }
    if (isGood(status)) return { url, status }
  }
  return first
}

/** What traffic counts as a good answer unless told otherwise. */
export function isGood(status: number): boolean {
  return status >= 200 && status < 400
}

/** Null when nothing came in time, or no HTTP. */
function statusOf(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = get(
      url,
      { signal: AbortSignal.timeout(patience), agent: false, headers: { 'user-agent': 'squall init' } },
      (response) => {
        resolve(response.statusCode ?? null)
        response.destroy()
      },
    )
    asked.once('error', () => resolve(null))
  })
}
