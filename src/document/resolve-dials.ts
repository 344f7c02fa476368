/** Parameters written as a range `a..b`: told apart first, then both ends are checked by the parameter's own schema. */
import * as z from 'zod/mini'
import type { Checking } from './check-shape.ts'
import type { CatalogueFault } from './document-catalogue.ts'
import type { Dial, Unit } from './experiment.ts'
import type { Path } from './located.ts'
import type { ProblemCode } from './problems.ts'
import { parseQuantity, quote } from './quantity.ts'
import type { RefusalParams } from './schema-types.ts'

type Spec = Record<string, unknown>

export interface Dialled {
  /** The parameters, each range replaced by its first end. */
  values: Spec
  dials: Record<string, Dial>
  /** Parameters whose range is wrong, which has been said. */
  wrong: string[]
}

interface Ends {
  from: string
  to: string
}

/** Characters of the longest text that can be a range: a whole book is not searched for one. */
const longest = 100

/** The two ends as written, or undefined when the text is no range. Blanks and other signs between them are not forgiven. */
export function readRange(text: string): Ends | undefined {
  if (text.length > longest) return undefined
  const [, from, to] = /^(\S*?[^\s.])\.\.([^\s.]\S*)$/.exec(text) ?? []
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** What people write instead of `a..b`, where both ends are quantities. */
function meantRange(text: string): Ends | undefined {
  if (text.length > longest) return undefined
  const [, from = '', to = ''] = /^(\S+?)\s*(?:\.{2,}|…|–|—|->|→|-|to)\s*(\S+)$/.exec(text) ?? []
  return parseQuantity(from).ok && parseQuantity(to).ok ? { from, to } : undefined
}

export function readDials(checking: Checking, fault: CatalogueFault, spec: Spec, path: Path): Dialled {
  const found: Dialled = { values: { ...spec }, dials: {}, wrong: [] }
  for (const [key, value] of Object.entries(spec)) {
    if (typeof value !== 'string') continue
    const at = [...path, key]
    const ends = readRange(value)
    if (!fault.dials?.includes(key)) {
      if (!ends || !parseQuantity(ends.from).ok || !parseQuantity(ends.to).ok) continue
      found.values[key] = ends.to // The value is looked at as well: all that is wrong comes at once.
      noDial(checking, fault, key, ends, at)
    } else if (ends) readDial(checking, fault, found, key, ends, at)
    else if (misspelt(checking, value, (end) => readEnd(fault.spec, found.values, key, end).fixed ?? end, at)) found.wrong.push(key)
  }
  return found
}

function noDial({ collect }: Checking, { type, dials = [] }: CatalogueFault, key: string, { to }: Ends, at: Path): void {
  const why = dials.length === 0 ? `nothing about ${type} can` : `of ${type}, ${dials.join(', ')} can`
  collect.add(at, 'no-dial', `${key} cannot move while the fault acts: ${why}`, { fix: `write one value, e.g. ${to}` })
}

/** True when the text is meant as a range and does not read as one. `mend` gives an end its unit. */
function misspelt({ collect }: Checking, value: string, mend: (end: string) => string, at: Path): boolean {
  const meant = meantRange(value)
  if (meant) {
    const fix = `write ${mend(meant.from)}..${mend(meant.to)}`
    collect.add(at, 'quantity', `${quote(value)} is not how a range is written`, { fix })
    return true
  }
  if (!value.includes('..')) return false
  const known = value.split('..').find((end) => parseQuantity(end).ok)
  const fix = `write two values with .. between them${known === undefined ? '' : `, or ${known} alone`}`
  collect.add(at, 'quantity', `${quote(value)} is a range that lacks an end`, { fix })
  return true
}

function readDial({ collect }: Checking, { spec }: CatalogueFault, found: Dialled, key: string, ends: Ends, at: Path): void {
  const read = (end: string) => readEnd(spec, found.values, key, end)
  const [from, to] = [read(ends.from), read(ends.to)]
  const fixed = `${from.fixed ?? ends.from}..${to.fixed ?? ends.to}`
  const sure = [from, to].every((end) => !end.problem || end.fixed !== undefined)
  for (const { problem } of [from, to]) {
    if (!problem) continue
    const fix = sure ? `write ${fixed}` : problem.fix
    collect.add(at, problem.code, problem.message, fix === undefined ? {} : { fix })
  }
  const unit = parseQuantity(ends.from)
  if (from.value === undefined || to.value === undefined || !unit.ok) return void found.wrong.push(key)
  if (from.value === to.value) {
    collect.add(at, 'value-not-allowed', `${quote(`${ends.from}..${ends.to}`)} does not move`, { fix: `write ${ends.from}` })
    return void found.wrong.push(key)
  }
  found.values[key] = ends.from
  found.dials[key] = { from: from.value, to: to.value, unit: unit.value.unit as Unit }
}

interface End {
  value?: number
  problem?: { code: ProblemCode; message: string; fix?: string }
  /** What the end should read, where that can be told. */
  fixed?: string
}

/** One end in place of the range, through the schema of the whole fault. */
function readEnd(schema: CatalogueFault['spec'], values: Spec, key: string, text: string): End {
  const result = z.safeParse(schema, { ...values, [key]: text })
  const issue = result.error?.issues.find(({ path }) => path[0] === key)
  if (!issue) {
    // Something else may be wrong: the value of this end alone is still known.
    const parsed = result.success ? (result.data as Spec)[key] : parsedAlone(text)
    return typeof parsed === 'number' ? { value: parsed } : {}
  }
  const params = ('params' in issue ? issue.params : undefined) as RefusalParams | undefined
  const [, fixed] = /^write (\S+)$/.exec(params?.fix ?? '') ?? []
  const problem = {
    code: (params?.code ?? 'value-not-allowed') as ProblemCode,
    message: issue.message,
    ...(params?.fix && { fix: params.fix }),
  }
  return { problem, ...(fixed !== undefined && { fixed }) }
}

function parsedAlone(text: string): number | undefined {
  const parsed = parseQuantity(text)
  return parsed.ok ? parsed.value.value : undefined
}
