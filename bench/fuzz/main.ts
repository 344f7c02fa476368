/**
 * Does the reader of documents always answer as promised? Mutated documents, each with up to three mutations; of every answer it is checked that
 * nothing was thrown, started or written, that each problem has a known code, a place inside the document, a sentence and a fix, and no trace of
 * the program, and that a document takes bounded time. `--documents N` (1,000,000; `--quick` 100,000), `--seed N`, `--only INDEX` shows one. Exit 1 when a promise is broken.
 */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { documentCatalogue } from '../../src/catalogue.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import { formatProblems } from '../../src/document/problem-text.ts'
import { problemCodes } from '../../src/document/problems.ts'
import { corpus } from './corpus.ts'
import { mutant, type Seen } from './hand.ts'

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '20261125' },
    only: { type: 'string' },
  },
})
const documents = Number(options.documents ?? (options.quick ? 100_000 : 1_000_000))
const seed = Number(options.seed)
if (!Number.isInteger(documents) || documents < 1 || !Number.isInteger(seed)) throw new Error('--documents and --seed take whole numbers')

/** CPU ms that one document may take. */
const limit = 500
/** Codes that a text alone cannot lead to: they need a file or another format. */
const elsewhere = ['file-not-readable', 'typescript-failed', 'policy']

if (options.only !== undefined) showOne(Number(options.only))
else process.exitCode = report(await readAll())

function showOne(index: number): void {
  const { text, kinds } = mutant(seed, index, corpus())
  const loaded = loadDocumentText(text, 'experiment.yaml', { vars: {}, catalogue: documentCatalogue })
  process.stdout.write(`${kinds.join(', ')}\n${text}\n`)
  process.stdout.write(loaded.ok ? 'valid\n' : formatProblems(loaded.problems, { color: false }))
}

async function readAll(): Promise<Seen & { seconds: number }> {
  const started = performance.now()
  const hands = availableParallelism()
  const run = promisify(execFile)
  const guarded = ['--permission', '--allow-fs-read=*', '--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning']
  const answers = await Promise.all(
    Array.from({ length: hands }, async (_, first) => {
      const args = [...guarded, join(import.meta.dirname, 'hand.ts'), String(seed), String(first), String(hands), String(documents)]
      const { stdout } = await run(process.execPath, args, { maxBuffer: 256 * 1024 * 1024 })
      return JSON.parse(stdout) as Seen
    }),
  )
  return { ...answers.reduce(add), seconds: (performance.now() - started) / 1000 }
}

function add(sum: Seen, more: Seen): Seen {
  for (const [code, count] of Object.entries(more.codes)) sum.codes[code] = (sum.codes[code] ?? 0) + count
  for (const [time, count] of Object.entries(more.times)) sum.times[time] = (sum.times[time] ?? 0) + count
  for (const [kind, row] of Object.entries(more.kinds)) {
    const mine = (sum.kinds[kind] ??= { documents: 0, valid: 0 })
    mine.documents += row.documents
    mine.valid += row.valid
  }
  return {
    ...sum,
    documents: sum.documents + more.documents,
    valid: sum.valid + more.valid,
    slowest: more.slowest.ms > sum.slowest.ms ? more.slowest : sum.slowest,
    failures: [...sum.failures, ...more.failures],
  }
}

/** Prints the tables; 0 when every promise held. */
function report(seen: Seen & { seconds: number }): 0 | 1 {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const share = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
  say(`seed ${seed}, ${seen.documents} documents in ${seen.seconds.toFixed(0)} s, ${share(seen.valid, seen.documents)} of them valid\n`)
  say('mutation                        documents  valid')
  for (const [kind, row] of Object.entries(seen.kinds).toSorted())
    say(`${kind.padEnd(30)} ${String(row.documents).padStart(10)}  ${share(row.valid, row.documents)}`)
  const reachable = Object.keys(problemCodes).filter((code) => !elsewhere.includes(code))
  const missed = reachable.filter((code) => !(code in seen.codes))
  say(`\n${reachable.length - missed.length} of ${reachable.length} codes seen${missed.length > 0 ? `, not ${missed.join(', ')}` : ''}`)
  say(
    Object.entries(seen.codes)
      .toSorted((a, b) => b[1] - a[1])
      .map(([code, count]) => `${code} ${count}`)
      .join(' · '),
  )
  say(
    `\nCPU time of a document: ${quantile(seen, 0.5)}, 99 % ${quantile(seen, 0.99)}, slowest ${seen.slowest.ms.toFixed(0)} ms (--only ${seen.slowest.index}), allowed ${limit} ms`,
  )
  for (const { index, why, text } of seen.failures.slice(0, 10)) say(`\nBROKEN PROMISE, --only ${index}: ${why}\n${JSON.stringify(text)}`)
  const ok = seen.failures.length === 0 && seen.slowest.ms <= limit && seen.documents === documents
  say(
    ok
      ? '\nevery promise held: nothing thrown, started or written; every problem with a place, a sentence and a fix'
      : '\na promise was broken',
  )
  return ok ? 0 : 1
}

/** At most this much, by the powers of two into which the times are sorted. */
function quantile(seen: Seen, share: number): string {
  let left = share * seen.documents
  for (const [time, count] of Object.entries(seen.times).toSorted((a, b) => Number(a[0]) - Number(b[0]))) {
    left -= count
    if (left <= 0) return `≤ ${(Number(time) / 1000).toFixed(1)} ms`
  }
  return 'none'
}
