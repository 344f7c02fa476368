/** The table of routes: what is answered where, in which form. */
import { type Answer, ApiError, statusOf } from './answer.ts'
import type { Collection } from './collection.ts'
import { type Writable, writeJson } from './json-write.ts'

/** What clients compare to find out what a server can do. */
export const toxiproxyVersion = '2.12.0'

export interface Route {
  /** In the log. */
  handler: string
  methods: readonly string[] | 'any'
  /** Of the path; what stands in brackets is handed on. */
  path: RegExp
  run(collection: Collection, body: Buffer, ...names: string[]): Promise<Answer> | Answer
  /** How an error is told; `errorAnswer` when left out. */
  failed?(error: unknown): Answer
}

const proxy = /^\/proxies\/([^/]+)$/
const toxics = /^\/proxies\/([^/]+)\/toxics$/
const toxic = /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/

export const routes: readonly Route[] = [
  { handler: 'ResetState', methods: ['POST'], path: /^\/reset$/, run: (all) => nothing(all.reset()) },
  { handler: 'ProxyIndex', methods: ['GET'], path: /^\/proxies$/, run: (all) => json(all.list()) },
  { handler: 'ProxyCreate', methods: ['POST'], path: /^\/proxies$/, run: async (all, body) => json(await all.create(body), 201) },
  { handler: 'Populate', methods: ['POST'], path: /^\/populate$/, run: populate },
  { handler: 'ProxyShow', methods: ['GET'], path: proxy, run: (all, _body, name) => json(all.show(name ?? '')) },
  {
    handler: 'ProxyUpdate',
    methods: ['POST', 'PATCH'],
    path: proxy,
    run: async (all, body, name) => json(await all.update(name ?? '', body)),
  },
  { handler: 'ProxyDelete', methods: ['DELETE'], path: proxy, run: (all, _body, name) => nothing(all.remove(name ?? '')) },
  { handler: 'ToxicIndex', methods: ['GET'], path: toxics, run: (all, _body, name) => json(all.toxics(name ?? '')) },
  { handler: 'ToxicCreate', methods: ['POST'], path: toxics, run: async (all, body, name) => json(await all.addToxic(name ?? '', body)) },
  { handler: 'ToxicShow', methods: ['GET'], path: toxic, run: (all, _body, name, one) => json(all.toxic(name ?? '', one ?? '')) },
  {
    handler: 'ToxicUpdate',
    methods: ['POST', 'PATCH'],
    path: toxic,
    run: async (all, body, name, one) => json(await all.updateToxic(name ?? '', one ?? '', body)),
  },
  {
    handler: 'ToxicDelete',
    methods: ['DELETE'],
    path: toxic,
    run: (all, _body, name, one) => nothing(all.removeToxic(name ?? '', one ?? '')),
  },
  {
    handler: 'Version',
    methods: ['GET'],
    path: /^\/version$/,
    run: () => ({ status: 200, type: 'application/json;charset=utf-8', body: `{"version": "${toxiproxyVersion}"}\n` }),
  },
]

/** Errors are JSON that calls itself plain text: its clients know it so. */
export function errorAnswer(error: unknown): Answer {
  const status = statusOf(error)
  return plainText(writeJson({ error: messageOf(error), status }), status)
}

export function plainText(text: string, status: number): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n`, headers: { 'X-Content-Type-Options': 'nosniff' } }
}

async function populate(all: Collection, body: Buffer): Promise<Answer> {
  const { done, error } = await all.populate(body)
  const proxies = done.length === 0 ? null : done
  if (error === null) return json({ proxies }, 201)
  const status = statusOf(error)
  return json({ error: messageOf(error), status, proxies }, status)
}

function json(value: Writable, status = 200): Answer {
  return { status, type: 'application/json', body: writeJson(value) }
}

async function nothing(done: Promise<void>): Promise<Answer> {
  await done
  return { status: 204, body: '' }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A call that could not be answered in time. What it asked for may still happen. */
export function tooLate(): ApiError {
  return new ApiError('not done within a second; it goes on', 503)
}
