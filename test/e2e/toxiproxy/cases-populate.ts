/** Many proxies at once. */
import { type Case, created, notPopulated, ok, proxy, refused, type Step, toxic } from './case.ts'

const item = (name: string, listen: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  listen,
  upstream: 'up:1',
  ...more,
})
const populate = (send: unknown, ...proxies: string[]): Step => ({ ask: 'POST /populate', send, gets: created(`{"proxies":[${proxies}]}`) })
const fails = (send: unknown, gets: Step['gets']): Step => ({ ask: 'POST /populate', send, gets })
const a = proxy('a', '127.0.0.1:<A>', 'up:1')
const b = proxy('b', '127.0.0.1:<B>', 'up:1')
const noop = toxic('noop', {})
const addNoop: Step = { ask: 'POST /proxies/a/toxics', send: { type: 'noop' }, gets: ok(noop) }
const withNoop = proxy('a', '127.0.0.1:<A>', 'up:1', { toxics: [noop] })

export const populateCases: readonly Case[] = [
  {
    title: 'nothing',
    steps: [
      fails([], created('{"proxies":null}')),
      fails('null', created('{"proxies":null}')),
      fails('[] trailing', created('{"proxies":null}')),
    ],
  },
  {
    title: 'new ones; those that are not in the list stay',
    steps: [
      populate([item('a', '127.0.0.1:<A>')], a),
      populate(
        [item('b', '127.0.0.1:<B>'), item('c', 'localhost:<C>', { enabled: false })],
        b,
        proxy('c', 'localhost:<C>', 'up:1', { enabled: false }),
      ),
      { ask: 'GET /proxies', gets: ok(`{"a":${a},"b":${b},"c":${proxy('c', 'localhost:<C>', 'up:1', { enabled: false })}}`) },
    ],
  },
  {
    title: 'enabled unless said otherwise; toxics are overlooked',
    steps: [populate([item('a', '127.0.0.1:<A>', { enabled: null, toxics: [{ type: 'latency' }] })], a)],
  },
  {
    title: 'the same again is left untouched, with its toxics, and enabled or not is not compared',
    steps: [
      populate([item('a', 'localhost:<A>')], a),
      addNoop,
      populate([item('a', 'localhost:<A>')], withNoop),
      populate([item('a', '127.0.0.1:<A>', { enabled: false })], withNoop),
      { ask: 'POST /proxies/a', send: { enabled: false }, gets: ok(withNoop.replace('true', 'false')) },
      populate([item('a', '127.0.0.1:<A>', { enabled: true })], withNoop.replace('true', 'false')),
    ],
  },
  {
    title: 'another upstream or address: replaced by a new one without toxics',
    steps: [
      populate([item('a', '127.0.0.1:<A>')], a),
      addNoop,
      populate([item('a', '127.0.0.1:<A>', { upstream: 'up:2' })], proxy('a', '127.0.0.1:<A>', 'up:2')),
      addNoop,
      populate([item('a', '127.0.0.1:<B>', { upstream: 'up:2' })], proxy('a', '127.0.0.1:<B>', 'up:2')),
      addNoop,
      populate([item('a', '127.0.0.1:<A>', { enabled: false })], proxy('a', '127.0.0.1:<A>', 'up:1', { enabled: false })),
    ],
  },
  {
    title: 'what must be there, counted from 1; then nothing is made',
    steps: [
      fails([item('a', '127.0.0.1:<A>'), { upstream: 'u' }], notPopulated(400, 'missing required field: name at proxy 2')),
      fails([item('a', '127.0.0.1:<A>'), { name: 'b' }], notPopulated(400, 'missing required field: upstream at proxy 2')),
      fails([null], notPopulated(400, 'missing required field: name at proxy 1')),
      fails([{}], notPopulated(400, 'missing required field: name at proxy 1')),
      { ask: 'GET /proxies', gets: ok('{}') },
    ],
  },
  {
    title: 'bodies that are no list',
    steps: [
      fails('', notPopulated(400, 'bad request body: EOF')),
      fails('[', notPopulated(400, 'bad request body: unexpected EOF')),
      fails('junk', notPopulated(400, "bad request body: invalid character 'j' looking for beginning of value")),
      fails('{}', notPopulated(400, 'bad request body: json: cannot unmarshal object into Go value of type <...>')),
      fails('[5]', notPopulated(400, 'bad request body: json: cannot unmarshal number into Go value of type <...>')),
      fails(
        [{ name: 5 }],
        notPopulated(400, 'bad request body: json: cannot unmarshal number into Go struct field <...>name of type string'),
      ),
      fails(
        [item('a', '127.0.0.1:<A>', { enabled: 'x' })],
        notPopulated(400, 'bad request body: json: cannot unmarshal string into Go struct field <...>enabled of type bool'),
      ),
      { ask: 'GET /proxies', gets: ok('{}') },
    ],
  },
  {
    title: 'a failure in the middle: those before it stay, and are in the answer',
    steps: [
      fails(
        [item('a', '127.0.0.1:<A>'), item('b', 'junk'), item('c', '127.0.0.1:<C>')],
        notPopulated(500, 'listen tcp: address junk: missing port in address', `[${a}]`),
      ),
      { ask: 'GET /proxies', gets: ok(`{"a":${a}}`) },
      fails([item('d', '127.0.0.1:<A>')], notPopulated(500, 'listen tcp 127.0.0.1:<A>: bind: address already in use')),
      { ask: 'GET /proxies/d', gets: refused(404, 'proxy not found') },
    ],
  },
  {
    title: 'one name twice: the second replaces the first',
    steps: [
      populate(
        [item('a', '127.0.0.1:<A>'), item('a', '127.0.0.1:<B>')],
        proxy('a', '127.0.0.1:<A>', 'up:1', { enabled: false }),
        proxy('a', '127.0.0.1:<B>', 'up:1'),
      ),
      { ask: 'GET /proxies', gets: ok(`{"a":${proxy('a', '127.0.0.1:<B>', 'up:1')}}`) },
    ],
  },
  {
    title: 'a wildcard again counts as another address',
    steps: [
      populate([item('a', '0.0.0.0:<A>')], proxy('a', '[::]:<A>', 'up:1')),
      addNoop,
      populate([item('a', '0.0.0.0:<A>')], proxy('a', '[::]:<A>', 'up:1')),
    ],
  },
]
