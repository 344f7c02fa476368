/** The load in Go (bench/proxy/load), which is also the service behind the proxies: built once, one process a measurement. */
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findGo } from '../../scripts/lib/go-programs.ts'
import { runChild, startChild } from '../../src/system/children.ts'

const sources = fileURLToPath(new URL('./load/', import.meta.url))

export interface Load {
  /** MB/s that arrive. */
  bulk(to: string, connections: number): Promise<number>
  /** Microseconds for 64 bytes there and back. */
  echo(to: string, connections: number): Promise<{ p50: number; p99: number }>
  /** Connections a second that carry one message each. */
  open(to: string): Promise<number>
  /** Holds so many connections, each used once, while `look` runs. */
  idle<T>(to: string, connections: number, look: () => T): Promise<T>
}

/** @param ms how long each measurement lasts, without its warm-up. @throws Error that says what is missing */
export async function buildLoad(folder: string, sink: string, ms: number): Promise<Load> {
  const go = findGo()
  if (go === null) throw new Error('this bench needs Go: its load is built from bench/proxy/load')
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const program = join(folder, 'load')
  const built = await runChild({ argv: [go, 'build', '-o', program, '.'], cwd: sources, env, timeLimit: 300_000 })
  if (built.code !== 0) throw new Error(`go build failed: ${built.stderr || built.failed?.message}`)

  const argv = (measure: string, to: string, count: number): [string, ...string[]] => [
    program,
    ...['-measure', measure, '-to', to, '-sink', sink, '-count', String(count), '-lasts', `${ms}ms`],
  ]
  const run = async (measure: string, to: string, count: number): Promise<Record<string, number>> => {
    const ended = await runChild({ argv: argv(measure, to, count), timeLimit: ms + 60_000, dieWithParent: true })
    if (ended.code !== 0) throw new Error(`${measure} at ${to} ended with ${ended.code ?? ended.signal}: ${ended.stderr}`)
    return JSON.parse(ended.stdout) as Record<string, number>
  }
  return {
    bulk: async (to, connections) => (await run('bulk', to, connections)).megabytes ?? Number.NaN,
    echo: async (to, connections) => (await run('echo', to, connections)) as { p50: number; p99: number },
    open: async (to) => (await run('open', to, 4)).perSecond ?? Number.NaN,
    async idle(to, connections, look) {
      const child = startChild({ argv: argv('idle', to, connections), stdio: ['pipe', 'pipe', 'inherit'], dieWithParent: true })
      try {
        const [line] = await once(createInterface({ input: child.process.stdout as NodeJS.ReadableStream }), 'line', {
          signal: AbortSignal.timeout(60_000),
        })
        const { open } = JSON.parse(line as string) as { open: number }
        if (open !== connections) throw new Error(`only ${open} of ${connections} connections could be opened`)
        return look()
      } finally {
        child.kill()
        await child.exited
      }
    },
  }
}
