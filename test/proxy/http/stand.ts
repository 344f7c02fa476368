/** A connection through the middle without sockets: what goes in is written by hand, what comes out is kept. */
import type { HttpFault } from '../../../src/proxy/fault.ts'
import type { Outlet } from '../../../src/proxy/http/line.ts'
import type { HttpAct, HttpRule, HttpWhen } from '../../../src/proxy/http/rule.ts'
import { createHttpPart } from './part.ts'

export interface Kept extends Outlet {
  text(): string
  /** What has come since the last time. */
  more(): string
  ended: boolean
  wasReset: boolean
}

function kept(): Kept {
  let all = ''
  let seen = 0
  return {
    ended: false,
    wasReset: false,
    write(data) {
      all += data.toString('latin1')
    },
    end() {
      this.ended = true
    },
    reset() {
      this.wasReset = true
    },
    text: () => all,
    more() {
      const text = all.slice(seen)
      seen = all.length
      return text
    },
  }
}

export function stand() {
  const lines: string[] = []
  const part = createHttpPart((line) => lines.push(line))
  let connections = 0
  return {
    part,
    lines,
    connect() {
      const toService = kept()
      const toCaller = kept()
      const state = { caller: false, service: false, renewed: 0 }
      const middle = part.connect({
        number: ++connections,
        toService,
        toCaller,
        pauseCaller: (pause) => void (state.caller = pause),
        pauseService: (pause) => void (state.service = pause),
        renewService: () => void state.renewed++,
      })
      return {
        ...middle,
        middle,
        state,
        toService,
        toCaller,
        ask: (text: string) => middle.fromCaller(Buffer.from(text, 'latin1')),
        answer: (text: string) => middle.fromService(Buffer.from(text, 'latin1')),
      }
    },
  }
}

export function fault(
  acts: HttpAct[],
  more: Partial<Omit<HttpRule, 'when'>> & { when?: Partial<HttpWhen>; id?: string; seed?: number } = {},
): HttpFault {
  const { id = 'run/fault', seed = 7, when, ...rule } = more
  return { is: 'http', id, seed, rule: { match: {}, except: [], at: 'request', ...rule, when: { share: 1, ...when }, acts } }
}

export const get = (path = '/', more = ''): string => `GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${more}\r\n`
export const post = (path: string, body: string, more = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: shop.test\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
export const ok = (body = '', more = ''): string => `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
