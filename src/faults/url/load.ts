/** A second load at an address: more than the service was made for, sent whatever becomes of it, never more than its caps. */
import { lookup } from 'node:dns/promises'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Writable } from 'node:stream'
import * as z from 'zod/mini'
import { count, duration, once, rate, refusing, says, text } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import { type LoadStatus, type LoadTask, statusPrefix } from '../../measures/traffic/load-task.ts'
import { seedOf } from '../../measures/traffic/pace.ts'
import { withSecrets } from '../../measures/traffic/request-secrets.ts'
import type { Injector, Json, Look } from '../injector.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'

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
      'How many requests a second, beside the measured traffic; 5000/s at most. A dial.',
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

/** Where the senders that this process has started hear their new rate, by mark. Whoever else undoes the fault needs no such thing. */
const listening = new Map<string, Writable>()

type LoadState = { task: { [key: string]: Json }; expiresAt: number }

export const load: Injector<LoadSpec, LoadState> = {
  type: 'load',
  places: ['url'],
  get spec() {
    return says('Sends a second load, open-loop and capped.', spec()) as unknown as z.core.$ZodType<LoadSpec>
  },
  dials: ['rate'],
  settle: '500ms',
  needs: () => [],
  async plan(asked, target, context) {
    const { url } = target.facts as { url: string }
    const { method = 'GET', headers = {}, body = null, timeout = 10_000, most = Number.MAX_SAFE_INTEGER } = asked
    const address = await addressOf(url)
    const task: LoadTask = {
      url,
      address,
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
    return {
      state: { task: task as unknown as { [key: string]: Json }, expiresAt },
      does: `send ${asked.rate} requests a second to ${url} (${address})${limit}, ${mostOpen} in flight at most`,
      undoes: 'end the process that sends them',
      steps: [{ does: `${method} ${url}, ${asked.rate}/s`, undoes: 'SIGKILL to its sender' }],
      expires: expiresIn(expiresAt),
    }
  },
  async inject(state, context) {
    // Asked twice: one sender is enough.
    if (stressorsOf(context.mark).length > 0) return
    // Values of secrets are with the sender only: not in the state, and not among its arguments.
    const task = JSON.stringify(await withSecrets(state.task as unknown as LoadTask, context.secret))
    const talk = (input: Writable): void => {
      listening.set(context.mark, input)
      input.write(`${task}\n`)
    }
    await startStressor({ entry: 'load-generator', task: {}, expiresAt: state.expiresAt, context, talk })
  },
  adjust(_state, { rate: wanted }, context) {
    const input = listening.get(context.mark)
    if (!input?.writable) return Promise.reject(new Error('no sender listens any more'))
    input.write(`${wanted}\n`)
    return Promise.resolve()
  },
  async rollback(_state, context) {
    await endStressors(context.mark)
    listening.delete(context.mark)
  },
  look(state, context) {
    const [pid] = stressorsOf(context.mark)
    if (pid === undefined) return Promise.resolve({ active: false, seen: 'nothing is sent', ...howEnded(context.mark) })
    return Promise.resolve(seenOf(statusOf(pid), state))
  },
}

/** A name is resolved once: what it comes to mean later is not what was planned. @throws SquallError `no-target` */
async function addressOf(url: string): Promise<string> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  try {
    return (await lookup(host)).address
  } catch (error) {
    throw new SquallError('no-target', `${host} has no address`, { hint: 'Is the name written right?', cause: error })
  }
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
  const done = sent + notSent >= (task.most as number)
  return { active: true, seen: words.filter(Boolean).join(', '), ...(done ? {} : { dose: { rate: now } }) }
}
