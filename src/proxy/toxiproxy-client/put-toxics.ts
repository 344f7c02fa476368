/** Puts faults as toxics: adds what is missing, moves what is ours, and stays away from what others have changed. */
import type { SquallError } from '../../errors.ts'
import { monotonicMs } from '../../system/clock.ts'
import type { ProxyFault } from '../fault.ts'
import { notUsable } from './api.ts'
import { type AsToxics, asToxics, type Toxic } from './as-toxics.ts'
import type { RemoteProxy } from './proxy-calls.ts'
import { described, isOurs, newPut, type Put, rememberSent, same } from './put-memory.ts'
import { following, left, limits, type Remote } from './remote.ts'

/** @throws SquallError when one cannot be put; those before it are there, then */
export async function putAll(remote: Remote, faults: readonly ProxyFault[]): Promise<void> {
  const until = monotonicMs() + limits.change
  const wanted = faults.map((fault) => ({ put: openPut(remote, fault.id), ...asToxics(fault) }))
  if (!remote.isKnown) await remote.calls.checkVersion(left(until))
  remote.isKnown = true
  const proxy = await remote.calls.get(left(until))
  for (const { put, ...as } of wanted) await putOne({ remote, proxy, put, until }, as)
}

export function disabledAlready({ called }: Remote): SquallError {
  return notUsable(`${called} is disabled already, so enabling it again would not be ours to do`)
}

function openPut(remote: Remote, id: string): Put {
  const before = remote.put.get(id)
  const put = before && !before.closed ? before : newPut(before)
  remote.put.set(id, put)
  return put
}

interface Putting {
  remote: Remote
  proxy: RemoteProxy
  put: Put
  until: number
}

async function putOne(putting: Putting, { toxics, disables }: AsToxics): Promise<void> {
  const { remote, proxy, put, until } = putting
  const marked = toxics.some(({ name }) => find(proxy, name))
  if (disables && !proxy.enabled && !marked) throw disabledAlready(remote)
  for (const toxic of toxics) await putToxic(putting, toxic)
  if (!disables) return
  mustBeOpen(put)
  await remote.calls.enable(false, following(remote, left(until)))
  put.disabled = !put.closed
}

async function putToxic({ remote, proxy, put, until }: Putting, toxic: Toxic): Promise<void> {
  const old = find(proxy, toxic.name)
  if (old && !isOurs(put, old)) throw changed(old)
  mustBeOpen(put)
  rememberSent(put, toxic)
  const isSameKind = old?.type === toxic.type && old.stream === toxic.stream
  if (old && isSameKind && !same(old, toxic)) await remote.calls.update(toxic, following(remote, left(until)))
  if (old && !isSameKind) await replace({ remote, proxy, put, until }, toxic)
  if (!old) await add({ remote, proxy, put, until }, toxic)
  if (!put.closed) put.there.add(toxic.name)
}

/** It cannot become another type, or go over to the other stream. */
async function replace(putting: Putting, toxic: Toxic): Promise<void> {
  putting.put.there.delete(toxic.name)
  await putting.remote.calls.remove(toxic.name, { limit: left(putting.until) })
  mustBeOpen(putting.put)
  await add(putting, toxic)
}

async function add({ remote, put, until }: Putting, toxic: Toxic): Promise<void> {
  if (await remote.calls.add(toxic, following(remote, left(until)))) return
  // One of this name has come meanwhile: the same change, asked for twice at once.
  const there = find(await remote.calls.get(left(until)), toxic.name)
  if (there && !isOurs(put, there)) throw changed(there)
}

function find(proxy: RemoteProxy, name: string): Toxic | undefined {
  return proxy.toxics.find((toxic) => toxic.name === name)
}

function changed(toxic: Toxic): SquallError {
  return notUsable(`others have changed the toxic ${toxic.name}: ${described(toxic)}`)
}

function mustBeOpen(put: Put): void {
  if (put.closed) throw notUsable('it is being rolled back')
}
