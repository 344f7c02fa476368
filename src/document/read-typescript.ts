/** TypeScript documents: evaluated in a limited child that prints what `export default` gave as JSON. */
import { runChild } from '../system/children.ts'
import { entryPath } from '../system/entry.ts'

export type TypescriptDocument =
  | { ok: true; value: unknown }
  | { ok: false; message: string; fix?: string; place?: { line: number; column: number; excerpt: string } }

/** What the child answers. */
export interface TypescriptAnswer {
  value?: unknown
  error?: { code?: string; message: string; stack: string }
}

const timeLimit = 10_000
const memoryMiB = 256
const outputLimit = 4 * 1024 * 1024

/** `path` is absolute. The child has no input, the shortened environment, and ends with us. */
export async function readTypescript(path: string): Promise<TypescriptDocument> {
  const child = await runChild({
    argv: [
      process.execPath,
      `--max-old-space-size=${memoryMiB}`,
      '--disable-warning=ExperimentalWarning',
      entryPath('read-typescript'),
      path,
    ],
    dieWithParent: true,
    timeLimit,
    outputLimit,
    limits: { cpuSeconds: 10 },
  })
  if (child.failed) return { ok: false, message: `node could not be started to evaluate it: ${child.failed.message}` }
  if (child.timedOut)
    return {
      ok: false,
      message: 'it was still running after 10s',
      fix: 'a document only gives data: no waiting, no servers, no endless loops',
    }
  if (child.tooMuch) return { ok: false, message: 'it prints more than 4MiB', fix: 'a document only gives data' }
  if (/heap out of memory/.test(child.stderr))
    return { ok: false, message: `it needs more than ${memoryMiB}MiB of memory`, fix: 'a document only gives data' }
  const answer = answerIn(child.stdout)
  if (!answer) {
    const why = child.signal ? `by signal ${child.signal}` : `with exit code ${child.code}`
    return {
      ok: false,
      message: `its evaluation ended ${why} before giving an experiment${lastLine(child.stderr)}`,
      fix: 'a document only gives data: no process.exit, no large computations',
    }
  }
  return answer.error ? failure(answer.error, path) : { ok: true, value: answer.value }
}

/** The child's own line comes last; whatever the document printed stands before it. */
function answerIn(stdout: string): TypescriptAnswer | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!line.startsWith('{"squall":')) return undefined
  try {
    return (JSON.parse(line) as { squall: TypescriptAnswer }).squall
  } catch {
    return undefined
  }
}

function failure(error: NonNullable<TypescriptAnswer['error']>, path: string): TypescriptDocument {
  const place = placeIn(error.stack, path)
  const shared = { ok: false as const, ...(place && { place }) }
  if (error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return {
      ...shared,
      message: `TypeScript that has to be compiled: ${error.message}`,
      fix: 'use only types that can be erased: no enum, no namespace, no parameter properties',
    }
  }
  if (error.code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return { ...shared, message: 'this Node cannot read TypeScript', fix: 'use Node 22.19 or newer, or write the document in YAML' }
  return { ...shared, message: error.message, ...(error.code === 'NO_EXPERIMENT' && { fix: 'write export default experiment({ … })' }) }
}

/** The first place in the stack that lies in the document itself. */
function placeIn(stack: string, path: string): { line: number; column: number; excerpt: string } | undefined {
  const lines = stack.split('\n')
  for (const [index, line] of lines.entries()) {
    const at = line.indexOf(path)
    const found = at < 0 ? null : /^:(\d+)(?::(\d+))?/.exec(line.slice(at + path.length))
    if (found?.[1] !== undefined)
      return { line: Number(found[1]), column: Number(found[2] ?? 1), excerpt: found[2] === undefined ? (lines[index + 1] ?? '') : '' }
  }
  return undefined
}

function lastLine(stderr: string): string {
  const line = stderr.trimEnd().split('\n').at(-1)?.trim()
  return line ? `: ${line.slice(0, 200)}` : ''
}
