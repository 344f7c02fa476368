/** Runs the project's own tools from node_modules/.bin: argument vectors, output collected. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './root.ts'

export interface ProgramResult {
  /** null when a signal ended it or it could not be started. */
  code: number | null
  /** stdout and stderr as they came. */
  output: string
  ms: number
}

/** `name` of node_modules/.bin, or `node` for this very runtime. Never throws: a failed start is code null with the reason as output. */
export function runProgram(name: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ProgramResult> {
  const file = name === 'node' ? process.execPath : join(root, 'node_modules', '.bin', name)
  const started = performance.now()
  return new Promise((resolve) => {
    const chunks: string[] = []
    const end = (code: number | null): void => resolve({ code, output: chunks.join(''), ms: performance.now() - started })
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
    child.once('error', (error) => {
      chunks.push(error.message)
      end(null)
    })
    child.once('close', end)
  })
}
