/** The calls about one proxy of a Toxiproxy server. Only what is named is touched: never /reset, never /populate. */
import { SquallError } from '../../errors.ts'
import { type Answer, type Call, callApi, notUsable, refusal, where } from './api.ts'
import type { Toxic } from './as-toxics.ts'

/** A proxy as the API shows it. */
export interface RemoteProxy {
  listen: string
  upstream: string
  enabled: boolean
  toxics: Toxic[]
}

/** Of one call; `onEnd` as in `Call`. */
export type Limits = Pick<Call, 'limit' | 'onEnd'>

export interface ProxyCalls {
  /** @throws SquallError when the server is too old, or no Toxiproxy */
  checkVersion(limit: number): Promise<void>
  /** @throws SquallError when there is no such proxy, with the names of those that there are */
  get(limit: number): Promise<RemoteProxy>
  /** False: one of that name is there already. */
  add(toxic: Toxic, limits: Limits): Promise<boolean>
  update(toxic: Toxic, limits: Limits): Promise<void>
  /** One that is not there is no mistake. */
  remove(toxic: string, limits: Limits): Promise<void>
  enable(enabled: boolean, limits: Limits): Promise<void>
}

export function proxyCalls(base: string, name: string): ProxyCalls {
  const proxy = ['proxies', name]
  const ask = async (call: Call, doing: string): Promise<Answer> => {
    const answer = await callApi(base, call)
    if (answer.status < 400 || answer.status === 404 || answer.status === 409) return answer
    throw notUsable(`the Toxiproxy server at ${where(base)} refused to ${doing}: ${refusal(answer)}`)
  }
  const mustBeDone = (answer: Answer, doing: string): void => {
    if (answer.status >= 300) throw notUsable(`the Toxiproxy server at ${where(base)} refused to ${doing}: ${refusal(answer)}`)
  }
  return {
    async checkVersion(limit) {
      const answer = await ask({ method: 'GET', path: ['version'], limit }, 'tell its version')
      const said = isObject(answer.data) ? String(answer.data.version) : answer.text.trim()
      if (answer.status !== 200 || said.length > 100 || said.includes('<')) throw notUsable(`${where(base)} is no Toxiproxy server`)
      const [, major] = /^v?(\d+)\./.exec(said) ?? []
      if (major !== undefined && Number(major) < 2)
        throw notUsable(`the Toxiproxy server at ${where(base)} is ${said}: 2.0 or newer is needed`)
    },
    async get(limit) {
      const answer = await ask({ method: 'GET', path: proxy, limit }, `show its proxy ${name}`)
      if (answer.status === 404) throw await proxyMissing(base, name, limit)
      return readProxy(answer, base)
    },
    async add(toxic, limits) {
      const answer = await ask({ method: 'POST', path: [...proxy, 'toxics'], body: toxic, ...limits }, `add a ${toxic.type} toxic`)
      if (answer.status === 409) return false
      mustBeDone(answer, `add a ${toxic.type} toxic to ${name}`)
      return true
    },
    async update({ name: toxic, attributes, toxicity }, limits) {
      // POST, which all versions know; PATCH came with 2.6.
      const body = { attributes, toxicity }
      mustBeDone(await ask({ method: 'POST', path: [...proxy, 'toxics', toxic], body, ...limits }, 'update a toxic'), `update ${toxic}`)
    },
    async remove(toxic, limits) {
      const answer = await ask({ method: 'DELETE', path: [...proxy, 'toxics', toxic], ...limits }, `remove ${toxic}`)
      if (answer.status !== 404) mustBeDone(answer, `remove ${toxic}`)
    },
    async enable(enabled, limits) {
      const doing = `${enabled ? 'enable' : 'disable'} ${name}`
      mustBeDone(await ask({ method: 'POST', path: proxy, body: { enabled }, ...limits }, doing), doing)
    },
  }
}

async function proxyMissing(base: string, name: string, limit: number): Promise<SquallError> {
  const { data } = await callApi(base, { method: 'GET', path: ['proxies'], limit })
  if (!isObject(data)) return notUsable(`${where(base)} is no Toxiproxy server`)
  const names = Object.keys(data).sort()
  return new SquallError('no-target', `the Toxiproxy server at ${where(base)} has no proxy ${name}`, {
    hint: names.length > 0 ? `It has: ${names.join(', ')}.` : 'It has none at all: your tests or its -config file create them.',
  })
}

function readProxy({ data }: Answer, base: string): RemoteProxy {
  if (!isObject(data) || typeof data.listen !== 'string' || !Array.isArray(data.toxics))
    throw notUsable(`${where(base)} is no Toxiproxy server`)
  const toxics = data.toxics.filter(isObject).map((toxic): Toxic => {
    return {
      name: String(toxic.name),
      type: String(toxic.type),
      stream: toxic.stream === 'upstream' ? 'upstream' : 'downstream',
      toxicity: Number(toxic.toxicity),
      attributes: isObject(toxic.attributes) ? (toxic.attributes as Record<string, number>) : {},
    }
  })
  return { listen: data.listen, upstream: String(data.upstream), enabled: data.enabled === true, toxics }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
