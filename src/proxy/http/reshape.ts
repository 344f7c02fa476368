/** The answer as the caller gets it: changed or damaged while it passes. The service's own answer is read to its end all the same. */
import type { BodyLength } from './body-length.ts'
import { type Damaged, damaged } from './damage.ts'
import type { ActOf, AnswerDecision } from './decide.ts'
import { type AnswerHead, type Fields, type RequestHead, withoutFields, writeAnswerHead } from './head.ts'
import { reasonOf, typeOf } from './local-answer.ts'
import type { FieldChange } from './rule.ts'

export interface Shaper {
  /** In place of the head; empty: it comes with the end. */
  head: Buffer
  /** What is passed on of a piece of the body. */
  body(bytes: Buffer, content: readonly Buffer[]): readonly Buffer[]
  end(): readonly Buffer[]
  /** The connection ends in the middle of the message: nothing more of it will be passed on. */
  isCut(): boolean
  /** The caller gets something that it can take for a whole answer. */
  whole: boolean
  status: number
  /** Changes and damage that really took place. */
  acted: AnswerDecision['changes'][number]['taken'][]
}

export interface Passing {
  bytes: Buffer
  head: AnswerHead
  body: Exclude<BodyLength, undefined>
  request: RequestHead
}

/** Undefined: the answer passes as it is. */
export function shapeAnswer(passing: Passing, { changes, damage }: AnswerDecision): Shaper | undefined {
  if (changes.length === 0 && !damage) return undefined
  const { passing: changed, content } = changes.length > 0 ? change(passing, changes) : { passing, content: undefined }
  const harmed = damage && damaged(changed, damage.act)
  if (!harmed && changes.length === 0) return undefined
  const shape = harmed ?? asItIs(changed)
  const acted = [...changes.map(({ taken }) => taken), ...(harmed && damage ? [damage.taken] : [])]
  if (!content) return { ...shape, acted }
  // The new body goes through what would have become of the old one.
  const parts = content.length === 0 ? [] : shape.body(content, [content])
  return { ...shape, head: Buffer.concat([shape.head, ...parts]), body: () => [], acted }
}

function asItIs({ bytes, head }: Passing): Damaged {
  return { head: bytes, body: (raw) => [raw], end: () => [], isCut: () => false, whole: true, status: head.status }
}

interface Changed {
  passing: Passing
  /** In place of the body, which then goes nowhere. */
  content?: Buffer | undefined
}

function change({ head, body, request }: Passing, changes: AnswerDecision['changes']): Changed {
  let { status, reason, fields } = head
  let replaced: string | undefined
  for (const { act } of changes) {
    if (act.status !== undefined) [status, reason] = [act.status, reasonOf(act.status)]
    fields = changedFields(fields, act)
    replaced = act.body ?? replaced
  }
  const bodyless = status === 204 || status === 304
  const wasBodyless = head.status === 204 || head.status === 304
  const text = Buffer.from(replaced ?? '', 'utf8')
  if (bodyless) fields = withoutFields(fields, ['content-length', 'transfer-encoding', 'trailer'])
  else if (replaced !== undefined) fields = withLength(fields, text.length, changes, replaced)
  // Where there was no body, an answer of another status needs to say so.
  else if (wasBodyless) fields = [...withoutFields(fields, ['content-length', 'transfer-encoding']), ['Content-Length', '0']]
  const written: AnswerHead = { status, reason, minor: head.minor, fields }
  const content = bodyless || request.method === 'HEAD' ? Buffer.alloc(0) : replaced === undefined ? undefined : text
  return { passing: { bytes: writeAnswerHead(written), head: written, body: content?.length ?? body, request }, content }
}

/** Of a body that was replaced: the length is right, and nothing is said of the old one. */
function withLength(fields: Fields, length: number, changes: readonly { act: ActOf<'change'> }[], body: string): Fields {
  const old = [
    'content-length',
    'transfer-encoding',
    'trailer',
    'content-encoding',
    'content-md5',
    'digest',
    'content-digest',
    'etag',
    'content-range',
  ]
  const typed = changes.some(({ act }) => Object.keys(act.set ?? {}).some((name) => name.toLowerCase() === 'content-type'))
  const kept = withoutFields(fields, typed ? old : [...old, 'content-type'])
  return [...kept, ...(typed ? [] : ([['Content-Type', typeOf(body)]] satisfies Fields)), ['Content-Length', String(length)]]
}

/** Fields that are set stand where the old one stood, or at the end. */
export function changedFields(fields: Fields, { set = {}, remove = [] }: FieldChange): Fields {
  const kept = withoutFields(fields, remove)
  return Object.entries(set).reduce<Fields>((all, [name, value]) => {
    const at = all.findIndex(([other]) => other.toLowerCase() === name.toLowerCase())
    if (at === -1) return [...all, [name, value]]
    const others = withoutFields(all.slice(at + 1), [name])
    return [...all.slice(0, at), [name, value], ...others]
  }, kept)
}
