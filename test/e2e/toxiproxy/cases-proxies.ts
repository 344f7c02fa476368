/** Proxies: create, show, change, delete, reset. */
import { badBody, type Case, created, gone, noPage, ok, proxy, refused, type Step, toxic } from './case.ts'

const up = '127.0.0.1:<F>'
const make = (name: string, listen: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  listen,
  upstream: up,
  ...more,
})
const a = (listen = '127.0.0.1:<A>', enabled = true, toxics: readonly string[] = []): string => proxy('a', listen, up, { enabled, toxics })
const makeA: Step = { ask: 'POST /proxies', send: make('a', '127.0.0.1:<A>'), gets: created(a()) }
const offA: Step = { ask: 'POST /proxies', send: make('a', '127.0.0.1:<A>', { enabled: false }), gets: created(a(undefined, false)) }
const addTo = (name: string): Step => ({ ask: `POST /proxies/${name}/toxics`, send: { type: 'noop' }, gets: ok(toxic('noop', {})) })
const missing = (field: string): ReturnType<typeof refused> => refused(400, `missing required field: ${field}`)

/** Bodies that are no proxy, and the words of Go's decoder for them. */
const badBodies: readonly [string, string][] = [
  ['', 'EOF'],
  ['  \n', 'EOF'],
  ['{', 'unexpected EOF'],
  ['{"name":"x"', 'unexpected EOF'],
  ['junk', "invalid character 'j' looking for beginning of value"],
  ['{"name":"x",}', "invalid character '}' looking for beginning of object key string"],
  ['{"name":"x" "a"}', `invalid character '"' after object key:value pair`],
  ['{name:"x"}', "invalid character 'n' looking for beginning of object key string"],
  ['[]', 'json: cannot unmarshal array into Go value of type toxiproxy.Proxy'],
  ['"x"', 'json: cannot unmarshal string into Go value of type toxiproxy.Proxy'],
  ['5', 'json: cannot unmarshal number into Go value of type toxiproxy.Proxy'],
  ['{"name":5}', 'json: cannot unmarshal number into Go struct field Proxy.name of type string'],
  ['{"name":"x","enabled":"yes"}', 'json: cannot unmarshal string into Go struct field Proxy.enabled of type bool'],
  ['{"name":"x","listen":true}', 'json: cannot unmarshal bool into Go struct field Proxy.listen of type string'],
  ['{"name":"x","upstream":{}}', 'json: cannot unmarshal object into Go struct field Proxy.upstream of type string'],
]

/** Where a proxy may be told to listen, and where it then says that it listens. */
const listens: Record<string, string> = {
  '127.0.0.1:<B>': '127.0.0.1:<B>',
  '127.0.0.1:0': '127.0.0.1:<*>',
  'localhost:0': '127.0.0.1:<*>',
  'localhost:<C>': '127.0.0.1:<C>',
  '0.0.0.0:<D>': '[::]:<D>',
  '0.0.0.0:0': '[::]:<*>',
  ':<E>': '[::]:<E>',
  ':0': '[::]:<*>',
  '[::1]:0': '[::1]:<*>',
  '': '[::]:<*>',
}

/** Where it cannot, and what it says then: at its creation, and at a change. */
const badListens: readonly [string, string, string][] = [
  ['nonsense', 'listen tcp: address nonsense: missing port in address', 'address nonsense: missing port in address'],
  ['127.0.0.1', 'listen tcp: address 127.0.0.1: missing port in address', 'address 127.0.0.1: missing port in address'],
  ['127.0.0.1:99999', 'listen tcp: address 99999: invalid port', 'address 99999: invalid port'],
  ['::1:0', 'listen tcp: address ::1:0: too many colons in address', 'address ::1:0: too many colons in address'],
]

const cycle = (method: string, enabled: boolean): Step => ({
  ask: `${method} /proxies/a`,
  send: { enabled },
  gets: ok(a(undefined, enabled)),
})

export const proxyCases: readonly Case[] = [
  {
    title: 'create, show, list, delete',
    steps: [
      makeA,
      { ask: 'GET /proxies/a', gets: ok(a()) },
      { ask: 'POST /proxies', send: make('B', '127.0.0.1:<B>'), gets: created(proxy('B', '127.0.0.1:<B>', up)) },
      { ask: 'GET /proxies', gets: ok(`{"B":${proxy('B', '127.0.0.1:<B>', up)},"a":${a()}}`) },
      { ask: 'DELETE /proxies/a', gets: gone },
      { ask: 'GET /proxies/a', gets: refused(404, 'proxy not found') },
      { ask: 'GET /proxies', gets: ok(`{"B":${proxy('B', '127.0.0.1:<B>', up)}}`) },
      makeA,
    ],
  },
  { title: 'bodies that are no proxy', steps: badBodies.map(([send, why]) => ({ ask: 'POST /proxies', send, gets: badBody(why) })) },
  {
    title: 'what must be there: the name first, then the upstream',
    steps: [
      { ask: 'POST /proxies', send: 'null', gets: missing('name') },
      { ask: 'POST /proxies', send: {}, gets: missing('name') },
      { ask: 'POST /proxies', send: { name: '', upstream: up }, gets: missing('name') },
      { ask: 'POST /proxies', send: { name: 'x' }, gets: missing('upstream') },
      { ask: 'POST /proxies', send: { name: 'x', upstream: null, listen: 'junk' }, gets: missing('upstream') },
      makeA,
      { ask: 'POST /proxies', send: { name: 'a' }, gets: missing('upstream') },
      { ask: 'GET /proxies/x', gets: refused(404, 'proxy not found') },
    ],
  },
  {
    title: 'only the first value of a body is read, unknown keys are not, and names of keys match in any case',
    steps: [
      { ask: 'POST /proxies', send: `{"name":"a","LISTEN":"127.0.0.1:<A>","Upstream":"${up}","x":{"y":[1]}} trailing`, gets: created(a()) },
      { ask: 'PATCH /proxies/a', send: '{"Enabled":false}{', gets: ok(a(undefined, false)) },
      {
        ask: 'POST /proxies',
        send: `{"name":"b","name":"c","listen":"127.0.0.1:<B>","upstream":"${up}"}`,
        gets: created(proxy('c', '127.0.0.1:<B>', up)),
      },
    ],
  },
  {
    title: 'toxics in the body of a proxy are overlooked',
    steps: [
      { ask: 'POST /proxies', send: make('a', '127.0.0.1:<A>', { toxics: [{ type: 'latency' }] }), gets: created(a()) },
      { ask: 'POST /proxies/a', send: { toxics: 5 }, gets: ok(a()) },
    ],
  },
  {
    title: 'a name is taken once',
    steps: [
      makeA,
      { ask: 'POST /proxies', send: make('a', '127.0.0.1:<B>'), gets: refused(409, 'proxy already exists') },
      { ask: 'POST /proxies', send: make('a', 'junk'), gets: refused(409, 'proxy already exists') },
      { ask: 'GET /proxies', gets: ok(`{"a":${a()}}`) },
    ],
  },
  {
    title: 'where a proxy listens, and what it says about it',
    steps: Object.entries(listens).map(([listen, says], at) => ({
      ask: 'POST /proxies',
      send: make(`p${at}`, listen),
      gets: created(proxy(`p${at}`, says, up)),
    })),
  },
  {
    title: 'where it cannot listen',
    steps: [
      makeA,
      ...badListens.flatMap(([listen, atCreation, atChange]): Step[] => [
        { ask: 'POST /proxies', send: make('x', listen), gets: refused(500, atCreation) },
        { ask: 'GET /proxies/x', gets: refused(404, 'proxy not found') },
        { ask: 'POST /proxies/a', send: { listen }, gets: refused(500, atChange) },
        { ask: 'GET /proxies/a', gets: ok(a()) },
      ]),
    ],
  },
  {
    title: 'where another listens already',
    steps: [
      makeA,
      {
        ask: 'POST /proxies',
        send: make('b', '127.0.0.1:<A>'),
        gets: refused(500, 'listen tcp 127.0.0.1:<A>: bind: address already in use'),
      },
      { ask: 'GET /proxies/b', gets: refused(404, 'proxy not found') },
      { ask: 'POST /proxies', send: make('b', '127.0.0.1:<B>'), gets: created(proxy('b', '127.0.0.1:<B>', up)) },
      {
        ask: 'PATCH /proxies/b',
        send: { listen: '127.0.0.1:<A>' },
        gets: refused(500, 'listen tcp 127.0.0.1:<A>: bind: address already in use'),
      },
      { ask: 'GET /proxies/b', gets: ok(proxy('b', '127.0.0.1:<A>', up, { enabled: false })) },
    ],
  },
  {
    title: 'an address that is not of this machine',
    steps: [
      {
        ask: 'POST /proxies',
        send: make('a', '192.0.2.1:<A>'),
        gets: refused(500, 'listen tcp 192.0.2.1:<A>: bind: cannot assign requested address'),
      },
    ],
  },
  {
    title: 'made disabled, it keeps the text of its address until it is started for the first time',
    steps: [
      { ask: 'POST /proxies', send: make('a', 'localhost:<A>', { enabled: false }), gets: created(a('localhost:<A>', false)) },
      { ask: 'GET /proxies/a', gets: ok(a('localhost:<A>', false)) },
      cycle('POST', true),
      cycle('POST', false),
      { ask: 'POST /proxies', send: make('b', 'junk', { enabled: false }), gets: created(proxy('b', 'junk', up, { enabled: false })) },
      { ask: 'POST /proxies/b', send: { enabled: true }, gets: refused(500, 'address junk: missing port in address') },
    ],
  },
  {
    title: 'disabled and enabled again, by both methods: toxics stay',
    steps: [
      makeA,
      addTo('a'),
      ...['POST', 'PATCH'].flatMap((method): Step[] =>
        [false, false, true, true].map((enabled) => ({
          ask: `${method} /proxies/a`,
          send: { enabled },
          gets: ok(a(undefined, enabled, [toxic('noop', {})])),
        })),
      ),
    ],
  },
  {
    title: 'a change keeps what it does not name',
    steps: [
      makeA,
      addTo('a'),
      { ask: 'POST /proxies/a', send: {}, gets: ok(a(undefined, true, [toxic('noop', {})])) },
      { ask: 'POST /proxies/a', send: 'null', gets: ok(a(undefined, true, [toxic('noop', {})])) },
      { ask: 'POST /proxies/a', send: { listen: null, upstream: null, enabled: null }, gets: ok(a(undefined, true, [toxic('noop', {})])) },
      { ask: 'POST /proxies/a', send: { listen: '127.0.0.1:<B>' }, gets: ok(a('127.0.0.1:<B>', true, [toxic('noop', {})])) },
      {
        ask: 'POST /proxies/a',
        send: { upstream: 'else:1' },
        gets: ok(proxy('a', '127.0.0.1:<B>', 'else:1', { toxics: [toxic('noop', {})] })),
      },
      { ask: 'POST /proxies/a', send: { upstream: '' }, gets: ok(proxy('a', '127.0.0.1:<B>', '', { toxics: [toxic('noop', {})] })) },
      {
        ask: 'POST /proxies/a',
        send: { enabled: false, upstream: 'third:1' },
        gets: ok(proxy('a', '127.0.0.1:<B>', 'third:1', { enabled: false, toxics: [toxic('noop', {})] })),
      },
      {
        ask: 'POST /proxies/a',
        send: { listen: 'localhost:<C>' },
        gets: ok(proxy('a', 'localhost:<C>', 'third:1', { enabled: false, toxics: [toxic('noop', {})] })),
      },
    ],
  },
  {
    title: 'a name in a change is overlooked',
    steps: [
      makeA,
      { ask: 'POST /proxies/a', send: { name: 'b' }, gets: ok(a()) },
      { ask: 'GET /proxies/b', gets: refused(404, 'proxy not found') },
    ],
  },
  {
    title: 'the same wildcard again, as clients send it',
    steps: [
      { ask: 'POST /proxies', send: make('a', '0.0.0.0:<A>'), gets: created(a('[::]:<A>')) },
      { ask: 'POST /proxies/a', send: make('a', '0.0.0.0:<A>', { enabled: false }), gets: ok(a('0.0.0.0:<A>', false)) },
      { ask: 'POST /proxies/a', send: make('a', '0.0.0.0:<A>', { enabled: true }), gets: ok(a('[::]:<A>')) },
    ],
  },
  {
    title: 'bodies that are no change of a proxy',
    steps: [
      makeA,
      ...badBodies.map(([send, why]): Step => ({ ask: 'POST /proxies/a', send, gets: badBody(why) })),
      { ask: 'GET /proxies/a', gets: ok(a()) },
    ],
  },
  {
    title: 'names with blanks, marks and letters of the world',
    steps: [
      { ask: 'POST /proxies', send: make('b c', 'localhost:<A>'), gets: created(proxy('b c', '127.0.0.1:<A>', up)) },
      { ask: 'GET /proxies/b%20c', gets: ok(proxy('b c', '127.0.0.1:<A>', up)) },
      {
        ask: 'POST /proxies',
        send: make('<é&>', 'localhost:<B>'),
        gets: created(proxy('<é&>', '127.0.0.1:<B>', up).replace('<é&>', '\\u003cé\\u0026\\u003e')),
      },
      { ask: 'GET /proxies/%3C%C3%A9&%3E', gets: ok(proxy('<é&>', '127.0.0.1:<B>', up).replace('<é&>', '\\u003cé\\u0026\\u003e')) },
      { ask: 'DELETE /proxies/%3C%C3%A9&%3E', gets: gone },
      { ask: 'DELETE /proxies/b%20c', gets: gone },
      { ask: 'GET /proxies', gets: ok('{}') },
    ],
  },
  {
    title: 'reset starts what is stopped, takes all toxics away, and touches nothing else',
    steps: [
      offA,
      addTo('a'),
      { ask: 'POST /proxies/a/toxics', send: { type: 'noop', stream: 'upstream' }, gets: ok(toxic('noop', {}, { stream: 'upstream' })) },
      { ask: 'POST /proxies', send: make('b', '127.0.0.1:<B>'), gets: created(proxy('b', '127.0.0.1:<B>', up)) },
      addTo('b'),
      { ask: 'POST /reset', gets: gone },
      { ask: 'GET /proxies', gets: ok(`{"a":${a()},"b":${proxy('b', '127.0.0.1:<B>', up)}}`) },
      { ask: 'POST /reset', gets: gone },
    ],
  },
  {
    title: 'reset says which proxy cannot be started',
    steps: [
      { ask: 'POST /proxies', send: make('a', 'junk', { enabled: false }), gets: created(a('junk', false)) },
      addTo('a'),
      { ask: 'POST /reset', gets: refused(500, 'listen tcp: address junk: missing port in address') },
      {
        ask: 'GET /proxies/a',
        gets: ok(a('junk', false, [toxic('noop', {})])),
        ours: { deviation: 'reset-goes-on', gets: ok(a('junk', false)) },
      },
    ],
  },
  { title: 'reset of nothing', steps: [{ ask: 'POST /reset', gets: gone }] },
]

/** What it leaves behind nobody can delete: they come last. */
export const lastCases: readonly Case[] = [
  {
    title: 'a name with a slash is taken and never found again',
    steps: [
      { ask: 'POST /proxies', send: make('a/b', 'localhost:<A>'), gets: created(proxy('a/b', '127.0.0.1:<A>', up)) },
      { ask: 'GET /proxies/a/b', gets: noPage },
      { ask: 'GET /proxies/a%2Fb', gets: noPage },
      { ask: 'POST /populate', send: [], gets: created('{"proxies":null}') },
    ],
  },
]
