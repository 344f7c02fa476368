/** The project file as zod schemas. */
import * as z from 'zod/mini'
import { suggestion } from './nearest.ts'
import type { TargetCap } from './project.ts'
import { quote, type Reading, readQuantity } from './quantity.ts'
import { duration, rate, readBy, says, text } from './schema-types.ts'
import { places } from './shapes.ts'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

const targetCap = readBy(readCap, 'a number such as 2 or a share such as 10%', {
  anyOf: [
    { type: 'integer', minimum: 1 },
    { type: 'string', pattern: '^([1-9]\\d*|(0|[1-9]\\d*)(\\.\\d+)?%)$' },
  ],
  examples: [1, '10%'],
})

const hoursShape = z
  .strictObject({
    days: says('Days of the week, e.g. mon-fri or "mon-thu, sat".', readBy(readDays, 'days such as mon-fri', { type: 'string' })),
    from: says('From this time on, e.g. "09:00".', timeOfDay()),
    to: says('Until this time, by which the whole run must be over.', timeOfDay()),
    zone: says('Time zone, e.g. Europe/Berlin or UTC.', readBy(readZone, 'a time zone such as Europe/Berlin', { type: 'string' })),
  })
  .check(
    z.refine(({ from, to }) => from < to, {
      error: 'the hours end before they begin',
      path: ['to'],
      params: { fix: 'hours lie within one day' },
    }),
  )

const positive = duration.check(z.refine((value) => value > 0, { error: 'must be longer than 0', params: { fix: 'write e.g. 30s' } }))
const heartbeat = duration.check(
  z.refine((value) => value >= 2000 && value <= 60_000, {
    error: 'must be between 2s and 60s: a beat comes each second',
    params: { fix: 'write e.g. 5s' },
  }),
)

export const policyShape = z.strictObject({
  max_targets: says(
    'Targets at most: a number is for all faults of a run together, a share for each fault, of what its target matches.',
    z.optional(targetCap),
  ),
  places: says(
    'The places at which faults may act; `none` stands for faults without a target.',
    z.optional(z.array(z.enum([...places, 'none']), { error: 'expected a list such as [process, container]' })),
  ),
  faults: says(
    'The types of fault that may be used; `own` stands for those from a file.',
    z.optional(z.array(text, { error: 'expected a list such as [pause, cpu]' })),
  ),
  max_duration: says('All phases of a run together.', z.optional(positive)),
  hours: says('When a run may go on: it must begin and be over within these hours.', z.optional(hoursShape)),
  must_expire: says('Every change must end by itself, even if all of Squall is killed.', z.optional(z.boolean())),
  heartbeat_lost: says('A runner that is silent for so long counts as dead; default 5s in production, else 15s.', z.optional(heartbeat)),
})

export type PolicyShape = z.infer<typeof policyShape>

/** Parts of a document with everything optional: what is left out here is left to the document. */
const defaultsShape = z.strictObject({
  service: says('The service that is examined.', z.optional(text)),
  owner: says('Who answers for it.', z.optional(text)),
  tags: says('For finding it again.', z.optional(z.array(text, { error: 'expected a list such as [nightly, payments]' }))),
  traffic: says(
    'For documents that have traffic.',
    z.optional(
      z.strictObject({
        rate: says(
          'Planned requests, e.g. 50/s.',
          z.optional(
            rate.check(z.refine((value) => value > 0, { error: 'the rate must be more than 0', params: { fix: 'write e.g. 50/s' } })),
          ),
        ),
        timeout: says('A request that takes longer counts as failed.', z.optional(positive)),
      }),
    ),
  ),
  phases: says(
    'How long each phase takes.',
    z.optional(
      z.strictObject({
        warmup: says('Not measured.', z.optional(duration)),
        baseline: says('How the system behaves without faults.', z.optional(positive)),
        fault: says('The faults act.', z.optional(positive)),
        recovery: says('After the rollback.', z.optional(positive)),
      }),
    ),
  ),
})

export const projectShape = z.strictObject({
  environments: says(
    'What each environment allows.',
    z.optional(
      z.strictObject({
        test: z.optional(policyShape),
        staging: z.optional(policyShape),
        production: z.optional(policyShape),
      }),
    ),
  ),
  defaults: says('What holds where a document says nothing.', z.optional(defaultsShape)),
  secrets: says(
    'File with NAME=value lines for ${secret:NAME}, from the folder of this file; only you may be able to read it.',
    z.optional(text),
  ),
})

function readCap(source: string | number): Reading<TargetCap> {
  const asText = String(source)
  const share = asText.endsWith('%')
  const reading = readQuantity(asText, share ? 'share' : 'count')
  if (!reading.ok) return reading
  if (share) return reading.value > 0 && reading.value <= 1 ? { ok: true, value: { share: reading.value } } : outOfRange(asText)
  return Number.isSafeInteger(reading.value) && reading.value >= 1 ? { ok: true, value: { count: reading.value } } : outOfRange(asText)
}

function outOfRange(source: string): Reading<never> {
  return { ok: false, message: `${quote(source)} is no number of targets`, fix: 'write a number from 1 on, or a share up to 100%' }
}

/** `mon-fri, sun` → 1 … 7, Monday first. */
function readDays(source: string | number): Reading<number[]> {
  const found = new Set<number>()
  for (const part of String(source).split(',')) {
    const [first = '', last = first, more] = part
      .trim()
      .toLowerCase()
      .split('-')
      .map((day) => day.slice(0, 3))
    const [from, to] = [days.indexOf(first), days.indexOf(last)]
    if (from < 0 || to < 0 || more !== undefined)
      return { ok: false, message: `${quote(part.trim())} is no day`, fix: `days are ${days.join(' ')}; write mon-fri or "mon, wed"` }
    for (let day = from; ; day = (day + 1) % 7) {
      found.add(day + 1)
      if (day === to) break
    }
  }
  return { ok: true, value: [...found].sort() }
}

/** `09:30` → minutes since midnight; `24:00` is the end of the day. */
function timeOfDay() {
  return readBy(
    (source): Reading<number> => {
      const match = /^(\d\d):(\d\d)$/.exec(String(source))
      const minutes = Number(match?.[1]) * 60 + Number(match?.[2])
      if (match && Number(match[2]) < 60 && minutes <= 24 * 60) return { ok: true, value: minutes }
      return { ok: false, message: `${quote(String(source))} is no time of day`, fix: 'write "09:00", with quotes' }
    },
    'a time such as "09:00"',
    { type: 'string', pattern: '^([01]\\d|2[0-4]):[0-5]\\d$', examples: ['09:00'] },
  )
}

function readZone(source: string | number): Reading<string> {
  const zone = String(source)
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return { ok: true, value: zone }
  } catch {
    const fix = suggestion(zone, Intl.supportedValuesOf('timeZone')) ?? 'write e.g. Europe/Berlin, America/New_York or UTC'
    return { ok: false, message: `${quote(zone)} is no time zone`, fix }
  }
}
