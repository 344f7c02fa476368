/** Ways to break a document: by bytes, as a disk or a bad editor does it, and by what its grammar is made of, as people do it. */

export interface Chance {
  /** 0 … below `count`. */
  below(count: number): number
  of<T>(list: readonly T[]): T
}

export type Mutation = (text: string, chance: Chance, other: string) => string

/** Scalars that mean something somewhere, mostly in the wrong place. */
const scalars = (
  '500ms 30s 2m 1h 1m30s -5s +5 5 0 010 1e3 1_000 0x1F .5 99999999999999999999 50/s 10/m 50rps 0/s 5% 5pp +5pp -5pp 150% 64MiB 128kbit 1.5x 0x none all ' +
  'on off yes no y n true false null ~ 12:30 2024-01-01 .inf .nan 2xx 9xx 200 GET pause kill cpu command network ./x.ts ../x.js traffic proxy:x app local postgres-primary ' +
  'test staging production 5%..95% ..5% 5%.. 10s..20s *a &a !!str !x <<: -- --- ... | > >- ? : # , [] {} [a,b] {a:b} {a:} "" \'\' " \' ${x} ${rate} ${secret:X} ${ $${ {{x}} ' +
  'http://localhost:8080/ http:// ftp://x 127.0.0.1:9001 ::1 __proto__ constructor toString hasOwnProperty \u00a0 \u200b \u2028 “x” é 😀'
).split(' ')

const keys = (
  'name hypothesis environment service owner tags vars traffic proxies sources measures phases faults type target process host pod pick to match labels port ' +
  'after for every ramp load cores signal inject rollback check with rate url method headers body requests weight timeout ok status ids from query unit max min ' +
  'baseline fault recovery abort warmup listen upstream toxiproxy latency_p99 error_rate recovery_time $schema << __proto__ apiVersion nmae typ durration'
).split(' ')

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
const signs = [...'{}[]:,#&*!|>\'"%@`-?\n\t\r\0\u0007\u001b\u0085\ufeff', ...printable]

/** A stretch of the text, mostly short. */
function stretch(text: string, { below }: Chance): [from: number, to: number] {
  const from = below(text.length + 1)
  return [from, Math.min(text.length, from + 1 + below(below(4) === 0 ? 200 : 12))]
}

/** One place that the pattern finds, replaced. */
function replaceOne(text: string, pattern: RegExp, chance: Chance, change: (found: string) => string): string {
  const found = [...text.matchAll(pattern)]
  if (found.length === 0) return text + change('')
  const { index, 0: whole } = chance.of(found)
  return text.slice(0, index) + change(whole) + text.slice(index + whole.length)
}

/** The lines, with some of them changed. */
function lines(text: string, change: (all: string[]) => string[]): string {
  return change(text.split('\n')).join('\n')
}

const scalar = /(?<=[:[,-] )[^\s,{}[\]][^,{}[\]\n]*/g
const key = /[A-Za-z_$][\w-]*(?=:)/g

export const mutations: Readonly<Record<string, Mutation>> = {
  'a byte changed': (text, { below }) => {
    const bytes = Buffer.from(text)
    if (bytes.length > 0) bytes[below(bytes.length)] = below(256)
    return bytes.toString()
  },
  'signs inserted': (text, chance) => {
    const at = chance.below(text.length + 1)
    const some = Array.from({ length: 1 + chance.below(3) }, () => chance.of(signs)).join('')
    return text.slice(0, at) + some + text.slice(at)
  },
  'a stretch deleted': (text, chance) => {
    const [from, to] = stretch(text, chance)
    return text.slice(0, from) + text.slice(to)
  },
  'a stretch repeated': (text, chance) => {
    const [from, to] = stretch(text, chance)
    return text.slice(0, to) + text.slice(from, to).repeat(1 + chance.below(chance.below(20) === 0 ? 300 : 3)) + text.slice(to)
  },
  'cut off': (text, { below }) => text.slice(0, below(text.length + 1)),
  'a value replaced': (text, chance) => replaceOne(text, scalar, chance, () => chance.of(scalars)),
  'a number changed': (text, chance) =>
    replaceOne(text, /\d+(?=(?:\.\d+)?(?:ms|s|m|h|%|pp|\/s|x)\b)/g, chance, () =>
      chance.of(['0', '1', '2', '5', '10', '30', '60', '90', '120', '500', '99999']),
    ),
  'a value extended': (text, chance) => replaceOne(text, scalar, chance, (found) => found + chance.of(['', ' ']) + chance.of(scalars)),
  'a key replaced': (text, chance) => replaceOne(text, key, chance, () => chance.of(keys)),
  'a key misspelt': (text, chance) =>
    replaceOne(text, key, chance, (found) => {
      const at = chance.below(Math.max(1, found.length))
      return found.slice(0, at) + chance.of(['', 'x', found[at + 1] ?? 'e']) + found.slice(at + 1)
    }),
  'a value wrapped': (text, chance) =>
    replaceOne(text, scalar, chance, (found) => {
      const [open, close] = chance.of([
        ['[', ']'],
        ['{ ', ' }'],
        ['{ x: ', ' }'],
        ['"', '"'],
        ["'", "'"],
        ['"', ''],
        ['&a ', ''],
        ['!!int ', ''],
      ] as const)
      return open + found + close
    }),
  'a blank around : , - changed': (text, chance) =>
    replaceOne(text, /[:,-] ?/g, chance, (found) => (found.endsWith(' ') ? found.trim() : `${found} `)),
  'a line indented': (text, chance) =>
    lines(text, (all) => {
      const at = chance.below(all.length)
      return all.with(at, chance.of([' ', '  ', '\t', '- ']) + (all[at] ?? ''))
    }),
  'a line outdented': (text, chance) =>
    lines(text, (all) => {
      const at = chance.below(all.length)
      return all.with(at, (all[at] ?? '').slice(1 + chance.below(3)))
    }),
  'a line deleted': (text, chance) => lines(text, (all) => all.toSpliced(chance.below(all.length), 1)),
  'a line repeated': (text, chance) =>
    lines(text, (all) => {
      const at = chance.below(all.length)
      return all.toSpliced(chance.below(all.length + 1), 0, all[at] ?? '')
    }),
  'a line added': (text, chance) =>
    lines(text, (all) => {
      const at = chance.below(all.length + 1)
      const indent = /^ */.exec(all[at] ?? '')?.[0] ?? ''
      return all.toSpliced(at, 0, `${indent}${chance.of(keys)}: ${chance.of(scalars)}`)
    }),
  'lines of another document': (text, chance, other) => {
    const theirs = other.split('\n')
    const from = chance.below(theirs.length)
    return lines(text, (all) => all.toSpliced(chance.below(all.length + 1), 0, ...theirs.slice(from, from + 1 + chance.below(6))))
  },
  'an alias': (text, chance) => `${replaceOne(text, scalar, chance, (found) => `&a ${found}`)}\n${chance.of(keys)}: *a\n`,
}

export const mutationNames: readonly string[] = Object.keys(mutations)
