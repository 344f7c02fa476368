/**
 * One process of the fuzz: reads a share of the documents and prints what it saw as JSON. It runs under Node's permission model, may read
 * files and nothing else: a document that made the reader start or write something would end it.
 */
import { parseDocument } from 'yaml'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentData, loadDocumentText } from '../../src/document/load.ts'
import { seededRandom } from '../../src/system/random.ts'
import { wrongAnswer } from './check.ts'
import { type Corpus, corpus } from './corpus.ts'
import { type Chance, type Mutation, mutationNames, mutations } from './mutate.ts'

export interface Seen {
  documents: number
  valid: number
  /** Refused documents by the code of each problem, a code counted once a document. */
  codes: Record<string, number>
  /** Documents by the kind of each mutation, and how many of them were taken. */
  kinds: Record<string, { documents: number; valid: number }>
  /** CPU µs a document, sorted into powers of two. */
  times: Record<string, number>
  slowest: { ms: number; index: number }
  failures: { index: number; why: string; text: string }[]
}

/** The document of one index: the same for the same seed, whoever makes it. */
export function mutant(seed: number, index: number, from: Corpus): { text: string; kinds: string[] } {
  const random = seededRandom((seed ^ Math.imul(index, 0x9e3779b1)) >>> 0)
  const chance: Chance = { below: (count) => Math.floor(random() * count), of: (list) => list[Math.floor(random() * list.length)] as never }
  const list = chance.of([from.valid, from.valid, from.valid, from.ahead, from.wrong])
  const kinds = Array.from({ length: chance.of([1, 1, 1, 2, 3]) }, () => chance.of(mutationNames))
  const text = kinds.reduce((now, kind) => (mutations[kind] as Mutation)(now, chance, chance.of(from.valid)), chance.of(list))
  return { text, kinds }
}

/** Reads the documents `first`, `first + step`, … below `end`. */
function look(seed: number, first: number, step: number, end: number): Seen {
  const from = corpus()
  const seen: Seen = { documents: 0, valid: 0, codes: {}, kinds: {}, times: {}, slowest: { ms: 0, index: -1 }, failures: [] }
  let before = cpuMicroseconds()
  for (let index = first; index < end; index += step) {
    const { text, kinds } = mutant(seed, index, from)
    const why = answerTo(text, index, seen, kinds)
    const now = cpuMicroseconds()
    const took = now - before
    before = now
    const ms = took / 1000
    const bucket = 2 ** Math.ceil(Math.log2(Math.max(1, took)))
    seen.times[bucket] = (seen.times[bucket] ?? 0) + 1
    if (ms > seen.slowest.ms) seen.slowest = { ms, index }
    if (why !== undefined && seen.failures.length < 20) seen.failures.push({ index, why, text })
  }
  return seen
}

/** Of this process: what else the machine does is not the reader's. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function answerTo(text: string, index: number, seen: Seen, kinds: readonly string[]): string | undefined {
  seen.documents += 1
  try {
    const loaded = loadDocumentText(text, 'experiment.yaml', { vars: {}, catalogue: documentCatalogue })
    if (loaded.ok) seen.valid += 1
    for (const kind of new Set(kinds)) {
      const row = (seen.kinds[kind] ??= { documents: 0, valid: 0 })
      row.documents += 1
      if (loaded.ok) row.valid += 1
    }
    for (const code of new Set((loaded.ok ? loaded.warnings : loaded.problems).map((problem) => problem.code)))
      seen.codes[code] = (seen.codes[code] ?? 0) + 1
    return wrongAnswer(text, loaded) ?? asData(text, index)
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** Each tenth document that a YAML parser reads is looked at as what a TypeScript document gives, too: data without places. */
function asData(text: string, index: number): string | undefined {
  if (index % 10 !== 0) return undefined
  const parsed = parseDocument(text, { uniqueKeys: false, strict: false, logLevel: 'silent', prettyErrors: false })
  if (parsed.errors.length > 0) return undefined
  const loaded = loadDocumentData(plain(parsed), text, 'experiment.ts', { vars: {}, catalogue: documentCatalogue })
  const wrong = wrongAnswer(text, loaded)
  return wrong === undefined ? undefined : `as data: ${wrong}`
}

/** As the child gives it: through JSON. Aliases that repeat themselves without end give nothing. */
function plain(parsed: ReturnType<typeof parseDocument>): unknown {
  try {
    return JSON.parse(JSON.stringify(parsed.toJS({ maxAliasCount: 100 })) ?? 'null')
  } catch {
    return null
  }
}

if (import.meta.main) {
  Error.stackTraceLimit = 3 // Enough to be seen where it must not be; the parser makes an error of each mistake.
  const [seed = 0, first = 0, step = 1, end = 0] = process.argv.slice(2).map(Number)
  process.stdout.write(JSON.stringify(look(seed, first, step, end)))
}
