/** The Go side of the comparison: built once into a folder, run as children that end with us. */

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Child, findProgram, runChild, startChild } from '../../src/system/children.ts'

const sources = fileURLToPath(new URL('./vegeta/', import.meta.url))

/** Builds `server` and `attack` into `folder`. @throws Error that says what is missing. */
export async function buildGo(folder: string): Promise<void> {
  const go = findProgram('go')
  if (!go) throw new Error('this bench needs Go (https://go.dev/dl): it compares with vegeta, built from bench/traffic/vegeta')
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const built = await runChild({ argv: [go, 'build', '-o', `${folder}/`, './server', './attack'], cwd: sources, env, timeLimit: 300_000 })
  if (built.code !== 0) throw new Error(`go build failed: ${built.stderr || built.failed?.message}`)
}

export interface DelayServer {
  url: string
  pid: number
  stop(): Promise<void>
}

/** Answers after `delay` ms. */
export async function startDelayServer(folder: string, delay: number): Promise<DelayServer> {
  const child: Child = startChild({
    argv: [join(folder, 'server'), `-delay=${delay}ms`],
    stdio: ['pipe', 'pipe', 'inherit'],
    dieWithParent: true,
  })
  const { stdout } = child.process
  if (child.pid === undefined || !stdout) throw new Error('the server did not start')
  for await (const address of createInterface({ input: stdout })) {
    const stop = async (): Promise<void> => {
      child.kill()
      await child.exited
    }
    return { url: `http://${address}/`, pid: child.pid, stop }
  }
  throw new Error('the server ended before it listened')
}

/** Latencies (ms) of vegeta's requests, the first second left out. `seconds` counts without it. */
export async function attack(folder: string, url: string, rate: number, seconds: number): Promise<number[]> {
  const argv = [join(folder, 'attack'), `-url=${url}`, `-rate=${rate}`, `-duration=${seconds + 1}s`] as const
  const ended = await runChild({ argv, timeLimit: (seconds + 30) * 1000, outputLimit: 64 * 1024 * 1024, dieWithParent: true })
  if (ended.code !== 0) throw new Error(`vegeta ended with ${ended.code ?? ended.signal}: ${ended.stderr}`)
  const report = JSON.parse(ended.stdout) as { latencies: number[]; failed: number }
  if (report.failed > 0) throw new Error(`${report.failed} of vegeta's requests failed`)
  return report.latencies
}
