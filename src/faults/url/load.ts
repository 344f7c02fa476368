/** A second load at an address: more than the service was made for, sent whatever becomes of it, never more than its caps. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as z from 'zod/mini'
import { count, duration, once, rate, refusing, says, text } from '../../document/schema-types.ts'
import { type LoadStatus, type LoadTask, statusPrefix } from '../../measures/traffic/load-task.ts'
import { seedOf } from '../../measures/traffic/pace.ts'
import type { Injector, Json, Look } from '../injector.ts'
import { killByMark } from '../marks.ts'
import { expiresIn, startStressor, stressorsOf } from '../stressor.ts'

interface LoadSpec {
  rate: number
  method?: string
  headers?: Record<string, string>
  body?: string
  timeout?: number
  most?: number
}

/** Per second: what one process of ours can send in time, and more than an experiment should ask of one machine. */
const highestRate = 5_000
/** In flight at once: beyond that requests are counted as not sent instead of queued. */
const mostOpen = 2_000

const spec = once(() =>
  z.strictObject({
    rate: says(
      'How many requests a second, beside the measured traffic; 5000/s at most.',
      rate.check(
        z.refine((value) => value > 0 && value <= highestRate, {
          error: 'must be more than 0 and at most 5000/s',
          params: { fix: 'write e.g. 500/s' },
        }),
      ),
      '500/s',
    ),
    method: says('HTTP method; default GET.', z.optional(text.check(refusing(wrongMethod))), 'POST'),
    headers: says('Headers by name.', z.optional(z.record(z.string(), text)), { 'x-customer': 'greedy' }),
    body: says('What is sent, as text.', z.optional(text), '{"item":1}'),
    timeout: says('How long it waits for an answer; default 10s.', z.optional(duration), '5s'),
    most: says('How many requests in all; then it sends no more. Default: as many as fit.', z.optional(count), 10_000),
  }),
)

function wrongMethod(method: string) {
  return /^[A-Z]{1,20}$/.test(method) ? undefined : { message: 'expected an HTTP method in capitals', fix: 'write e.g. POST' }
}

type LoadState = { task: { [key: string]: Json }; expiresAt: number }

export const load: Injector<LoadSpec, LoadState> = {
  type: 'load',
  places: ['url'],
  get spec() {
    return says('Sends a second load, open-loop and capped.', spec()) as unknown as z.core.$ZodType<LoadSpec>
  },
  settle: '500ms',
  needs: () => [],
  plan(asked, target, context) {
    const { url } = target.facts as { url: string }
    const { method = 'GET', headers = {}, body = null, timeout = 10_000, most = Number.MAX_SAFE_INTEGER } = asked
    const task: LoadTask = {
      url,
      method,
      headers,
      body,
      rate: asked.rate,
      timeout,
      most,
      maxOpen: mostOpen,
      runId: context.mark,
      seed: seedOf(context.mark),
    }
    const limit = asked.most === undefined ? '' : `, ${asked.most} in all`
    const expiresAt = context.deadline.getTime()
    return Promise.resolve({
      state: { task: task as unknown as { [key: string]: Json }, expiresAt },
      does: `send ${asked.rate} requests a second to ${url}${limit}, ${mostOpen} in flight at most`,
      undoes: 'end the process that sends them',
      steps: [{ does: `${method} ${url}, ${asked.rate}/s`, undoes: 'SIGKILL to its sender' }],
      expires: expiresIn(expiresAt),
    })
  },
  async inject(state, context) {
    // Asked twice: one sender is enough.
    if (stressorsOf(context.mark).length > 0) return
    await startStressor({ entry: 'load-generator', task: state.task, expiresAt: state.expiresAt, context })
  },
  async rollback(_state, context) {
    await killByMark(`${context.mark}/effect`)
  },
  look(state, context) {
    const [pid] = stressorsOf(context.mark)
    if (pid === undefined) return Promise.resolve({ active: false, seen: 'nothing is sent' })
    return Promise.resolve(seenOf(statusOf(pid), state))
  },
}

/** Null in the moment in which it begins. */
function statusOf(pid: number): LoadStatus | null {
  try {
    const folder = `/proc/${pid}/fd`
    const fd = readdirSync(folder).find((name) => readlinkQuietly(`${folder}/${name}`).includes(`/${statusPrefix}`))
    return fd === undefined ? null : (JSON.parse(readFileSync(`${folder}/${fd}`, 'utf8')) as LoadStatus)
  } catch {
    return null
  }
}

function readlinkQuietly(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function seenOf(status: LoadStatus | null, { task }: LoadState): Look {
  if (!status || status.sent + status.notSent === 0) return { active: true, seen: 'the load begins' }
  const { sent, ok, bad, timeout, notSent, rate: now, reason } = status
  const share = (part: number): string => `${Math.round((100 * part) / Math.max(1, sent))} %`
  const words = [
    `${now}/s sent, ${sent} in all`,
    `${share(ok)} answered well`,
    bad + timeout > 0 && `${share(bad + timeout)} not${reason ? ` (mostly ${reason})` : ''}`,
    notSent > 0 && `${notSent} not sent by own limits`,
  ]
  const done = sent >= (task.most as number)
  return { active: true, seen: words.filter(Boolean).join(', '), ...(done ? {} : { dose: { rate: now } }) }
}
