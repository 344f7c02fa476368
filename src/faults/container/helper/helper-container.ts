/** Helper containers in an engine: started, read, told a dose, stopped. Each carries the mark of its fault and removes itself at its end. */
import { createHash, randomBytes } from 'node:crypto'
import { type ErrorCode, SquallError } from '../../../errors.ts'
import { monotonicMs, sleep, wallMs } from '../../../system/clock.ts'
import { type Engine, EngineError, isGone } from '../engine.ts'
import { markLabel } from '../find.ts'
import { insideFolder } from './image.ts'
import type { Dose, HelperLine, HelperTask } from './task.ts'

/** What it is for: the one that holds the fault, or one that only answers. */
const roleLabel = 'squall.helper'

/** Where it acts. `network`: in that of the container; `name`: with this machine's processes and cgroups in sight; `nowhere`: in a network of its own. */
export type HelperPlace = { in: 'network'; container: string } | { in: 'name' } | { in: 'nowhere' }

export interface Helper {
  id: string
  running: boolean
}

/** s between the request to stop and the engine's kill. */
const grace = 10
const readEvery = 50
/** ms: whoever made it has started it long before that. */
const unstartedAfter = 60_000
/** ms from its start to its first line: Node starts within a second, on a busy machine within some. */
const patience = 20_000

/** Names of those that this process has made for a question that is still open. */
const ours = new Set<string>()

/** Starts the one that holds the fault. @throws EngineError; SquallError `docker-unreachable` */
export function startHolder(engine: Engine, image: string, place: HelperPlace, task: HelperTask, mark: string): Promise<string> {
  // Its name is fixed by its fault, so that there is never a second one.
  return start(engine, nameOf(mark), configOf(image, place, task, { [markLabel]: mark, [roleLabel]: 'hold' }))
}

/** Starts one that only answers, and takes it away again. @throws SquallError of the fault itself, `fault-failed` when it says nothing */
export async function askHelper(engine: Engine, image: string, place: HelperPlace, task: HelperTask, mark: string): Promise<HelperLine> {
  const name = `${nameOf(mark)}-${randomBytes(3).toString('hex')}`
  ours.add(name)
  try {
    const id = await start(engine, name, configOf(image, place, task, { [markLabel]: mark, [roleLabel]: 'ask' }))
    try {
      return await waitForLine(engine, id, () => true)
    } finally {
      await removeHelper(engine, id)
    }
  } finally {
    ours.delete(name)
  }
}

async function start(engine: Engine, name: string, body: object): Promise<string> {
  const { Id } = await engine.call<{ Id: string }>('POST', '/containers/create', { query: { name }, body })
  try {
    await engine.call('POST', `/containers/${Id}/start`)
  } catch (error) {
    if (error instanceof EngineError) await removeHelper(engine, Id)
    throw error
  }
  return Id
}

function nameOf(mark: string): string {
  return `squall-helper-${createHash('sha256').update(mark).digest('hex').slice(0, 12)}`
}

function configOf(image: string, place: HelperPlace, task: HelperTask, labels: Record<string, string>): object {
  return {
    Image: image,
    Entrypoint: ['/usr/bin/node', `${insideFolder}/dist/helper.js`],
    Cmd: [JSON.stringify(task)],
    Env: ['PATH=/usr/bin'],
    // One stream, without the engine's frames around each piece.
    Tty: true,
    Labels: labels,
    HostConfig: {
      AutoRemove: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      ...hostConfig(place),
    },
  }
}

function hostConfig(place: HelperPlace): object {
  if (place.in === 'name')
    return { NetworkMode: 'none', PidMode: 'host', CgroupnsMode: 'host', Binds: ['/sys/fs/cgroup:/sys/fs/cgroup:rw'] }
  return { NetworkMode: place.in === 'network' ? `container:${place.container}` : 'none', CapAdd: ['NET_ADMIN'] }
}

/** Polls until its newest line is the one. @throws SquallError of the fault itself, `fault-failed` when it says nothing */
export async function waitForLine(
  engine: Engine,
  id: string,
  isIt: (line: HelperLine) => boolean,
  signal?: AbortSignal,
): Promise<HelperLine> {
  const end = monotonicMs() + patience
  for (;;) {
    signal?.throwIfAborted()
    const { line, said } = await lastLine(engine, id)
    if (line && 'error' in line) throw thrown(line.error)
    if (line && isIt(line)) return line
    if (monotonicMs() > end || said === null)
      throw new SquallError(
        'fault-failed',
        `a helper container has ended or says nothing: ${(said ?? '').trim().slice(-300) || 'no output'}`,
      )
    await sleep(readEvery)
  }
}

/** The newest one that is whole. `said`: what stands there; null: the container is gone. */
export async function lastLine(engine: Engine, id: string): Promise<{ line: HelperLine | null; said: string | null }> {
  try {
    const said = await engine.call<string>('GET', `/containers/${id}/logs`, { query: { stdout: 1, stderr: 1, tail: 2 }, text: true })
    const last = said.split(/\r?\n/).findLast((text) => text.startsWith('{') && text.endsWith('}'))
    return { line: last === undefined ? null : (JSON.parse(last) as HelperLine), said }
  } catch (error) {
    if (isGone(error) || (error instanceof EngineError && error.status === 409)) return { line: null, said: null }
    throw error
  }
}

function thrown({ code, message, hint }: { code?: string; message: string; hint?: string }): Error {
  return code === undefined ? new Error(message) : new SquallError(code as ErrorCode, message, { ...(hint && { hint }) })
}

/** Those that hold this fault: one, or none. Those that somebody made for a question and was killed before the answer go on the way. */
export async function holders(engine: Engine, mark: string): Promise<Helper[]> {
  const filters = JSON.stringify({ label: [`${markLabel}=${mark}`, roleLabel] })
  const found = await engine.call<Listed[]>('GET', '/containers/json', { query: { all: true, filters } })
  const asking = found.filter(({ Labels }) => Labels[roleLabel] === 'ask')
  await Promise.all(asking.filter((one) => !isOurs(one)).map(({ Id }) => removeHelper(engine, Id)))
  return found.filter((one) => !asking.includes(one)).map(({ Id, State }) => ({ id: Id, running: State === 'running' }))
}

interface Listed {
  Id: string
  Names: string[]
  State: string
  Labels: Record<string, string>
  /** s since the epoch. */
  Created: number
}

function isOurs({ Names }: Listed): boolean {
  return Names.some((name) => ours.has(name.slice(1)))
}

/** Returns when it has taken the dose. @throws with its own words when it could not */
export async function tellDose(engine: Engine, id: string, dose: Record<string, number>, signal: AbortSignal): Promise<void> {
  const told: Dose = { id: randomBytes(8).toString('hex'), dose }
  const body = { Cmd: ['/usr/bin/node', `${insideFolder}/dist/helper.js`, 'dose', JSON.stringify(told)] }
  const { Id } = await engine.call<{ Id: string }>('POST', `/containers/${id}/exec`, { body })
  await engine.call('POST', `/exec/${Id}/start`, { body: { Detach: true }, text: true })
  const line = await waitForLine(engine, id, (one) => 'look' in one && one.dosed === told.id, signal)
  if ('look' in line && line.doseFailed !== undefined) throw new Error(line.doseFailed)
}

/** Asks it to undo what it did and to end. True when it says that all of it is undone; false: nobody knows. */
export async function stopHelper(engine: Engine, { id, running }: Helper): Promise<boolean> {
  if (!running) {
    await removeHelper(engine, id)
    return false
  }
  const gone = engine
    .call<{ StatusCode: number }>('POST', `/containers/${id}/wait`, { query: { condition: 'removed' }, timeout: (grace + 10) * 1_000 })
    .then(
      ({ StatusCode }) => StatusCode,
      () => null,
    )
  await engine.call('POST', `/containers/${id}/stop`, { query: { t: grace }, timeout: (grace + 10) * 1_000 }).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error // 304: it ends by itself just now; 404: it is gone.
  })
  return (await gone) === 0
}

/** It may be going by itself at this very moment. */
export async function removeHelper(engine: Engine, id: string): Promise<void> {
  await engine.call('DELETE', `/containers/${id}`, { query: { force: true, v: true } }).catch((error: unknown) => {
    if (!(error instanceof EngineError && (error.status === 404 || error.status === 409))) throw error
  })
}

/** What was made and never started, since whoever asked for it was killed in between: the engine removes only what has run. */
export async function removeUnstarted(engine: Engine): Promise<void> {
  const filters = JSON.stringify({ label: [roleLabel], status: ['created'] })
  const found = await engine.call<Listed[]>('GET', '/containers/json', { query: { all: true, filters } })
  for (const one of found) if (!isOurs(one) && one.Created * 1_000 < wallMs() - unstartedAfter) await removeHelper(engine, one.Id)
}
