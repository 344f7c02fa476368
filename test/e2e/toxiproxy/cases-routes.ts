/** Routes, methods, and what stands around the bodies. */
import { type Case, created, gone, movedTo, noBrowsers, noMethod, noPage, ok, proxy, refused, type Step } from './case.ts'

const nothing = ok('{}')
const a = proxy('a', '127.0.0.1:<A>', 'up:1')
const makeA: Step = { ask: 'POST /proxies', send: { name: 'a', listen: '127.0.0.1:<A>', upstream: 'up:1' }, gets: created(a) }

/** These methods are answered 405 on these paths. */
const wrongMethods: Record<string, string> = {
  '/proxies': 'HEAD PUT PATCH DELETE OPTIONS',
  '/proxies/a': 'HEAD PUT OPTIONS',
  '/proxies/a/toxics': 'HEAD PUT PATCH DELETE OPTIONS',
  '/proxies/a/toxics/t': 'HEAD PUT OPTIONS',
  '/populate': 'GET HEAD PUT PATCH DELETE',
  '/reset': 'GET HEAD PUT PATCH DELETE',
  '/version': 'POST HEAD PUT PATCH DELETE',
}

const unknownPaths = [
  '/',
  '/nope',
  '/proxies/',
  '/proxies/a/',
  '/proxies/a/b',
  '/proxies/a/toxics/',
  '/proxies/a/toxics/t/',
  '/Proxies',
  '/metrics',
  '/v1/proxies',
]

/** A path that is not as short as it could be is answered with the short one. */
const unclean: Record<string, string> = {
  '//proxies': '/proxies',
  '/./proxies': '/proxies',
  '/proxies/../proxies': '/proxies',
  '/proxies//a': '/proxies/a',
  '/proxies/a/..': '/proxies',
  '//nope': '/nope',
  '//proxies?x=1': '/proxies?x=1',
}

export const routeCases: readonly Case[] = [
  { title: 'no proxies', steps: [{ ask: 'GET /proxies', gets: nothing }] },
  {
    title: 'version',
    steps: [
      { ask: 'GET /version', gets: { status: 200, type: 'application/json;charset=utf-8', body: '{"version": "2.12.0"}\n', hasId: true } },
    ],
  },
  ...Object.entries(wrongMethods).map(
    ([path, methods]): Case => ({
      title: `${path} knows no ${methods.replaceAll(' ', ', ')}`,
      steps: [makeA, ...methods.split(' ').map((method): Step => ({ ask: `${method} ${path}`, gets: noMethod }))],
    }),
  ),
  { title: 'unknown paths', steps: [makeA, ...unknownPaths.map((path): Step => ({ ask: `GET ${path}`, gets: noPage }))] },
  {
    title: 'an unknown path with any method',
    steps: ['POST', 'HEAD', 'DELETE'].map(
      (method): Step => ({ ask: `${method} /nope`, gets: method === 'HEAD' ? { ...noPage, body: '' } : noPage }),
    ),
  },
  {
    title: 'paths to shorten',
    steps: Object.entries(unclean).map(([path, short]): Step => ({ ask: `GET ${path}`, gets: movedTo(short) })),
  },
  { title: 'a query is overlooked', steps: [{ ask: 'GET /proxies?x=1', gets: nothing }] },
  {
    title: 'browsers are sent away from routes that exist, and from no others',
    steps: [
      { ask: 'GET /proxies', headers: { 'user-agent': 'Mozilla/5.0 (X11)' }, gets: noBrowsers },
      { ask: 'POST /reset', headers: { 'user-agent': 'Mozilla/5.0 (X11)' }, gets: noBrowsers },
      { ask: 'GET /proxies/unknown', headers: { 'user-agent': 'Mozilla/' }, gets: noBrowsers },
      { ask: 'GET /proxies', headers: { 'user-agent': 'Mozilla' }, gets: nothing },
      { ask: 'GET /proxies', headers: { 'user-agent': 'like Mozilla/5.0' }, gets: nothing },
      { ask: 'GET /proxies', headers: { 'user-agent': 'mozilla/5.0' }, gets: nothing },
      { ask: 'GET /nope', headers: { 'user-agent': 'Mozilla/5.0' }, gets: noPage },
      { ask: 'PUT /proxies', headers: { 'user-agent': 'Mozilla/5.0' }, gets: noMethod },
    ],
  },
  {
    title: 'the content type of a request does not matter',
    steps: [
      { ...makeA, headers: { 'content-type': 'text/plain' } },
      {
        ask: 'POST /proxies/a',
        send: { enabled: false },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        gets: ok(proxy('a', '127.0.0.1:<A>', 'up:1', { enabled: false })),
      },
    ],
  },
  {
    title: 'a body where none is wanted',
    steps: [
      { ask: 'POST /reset', send: 'junk', gets: gone },
      { ask: 'GET /proxies', send: 'junk', gets: nothing },
    ],
  },
  {
    title: 'unknown proxy, before anything else is looked at',
    steps: [
      'GET /proxies/a',
      'POST /proxies/a',
      'PATCH /proxies/a',
      'DELETE /proxies/a',
      'GET /proxies/a/toxics',
      'POST /proxies/a/toxics',
      'GET /proxies/a/toxics/t',
      'POST /proxies/a/toxics/t',
      'PATCH /proxies/a/toxics/t',
      'DELETE /proxies/a/toxics/t',
    ].map((ask): Step => ({ ask, ...(/POST|PATCH/.test(ask) && { send: 'junk' }), gets: refused(404, 'proxy not found') })),
  },
  {
    title: 'unknown toxic, before anything else is looked at',
    steps: [
      makeA,
      ...['GET', 'POST', 'PATCH', 'DELETE'].map(
        (method): Step => ({
          ask: `${method} /proxies/a/toxics/t`,
          ...(method.startsWith('P') && { send: 'junk' }),
          gets: refused(404, 'toxic not found'),
        }),
      ),
    ],
  },
  {
    title: 'who calls: a host that we are not, a page of somebody else',
    steps: [
      {
        ask: 'GET /proxies',
        headers: { host: 'evil.example' },
        gets: nothing,
        ours: {
          deviation: 'no-web-pages',
          gets: { ...refused(403, 'host evil.example is not allowed: start the server with --allow-host evil.example'), hasId: false },
        },
      },
      {
        ask: 'POST /reset',
        headers: { origin: 'http://evil.example' },
        gets: gone,
        ours: { deviation: 'no-web-pages', gets: { ...refused(403, 'calls from web pages are not allowed'), hasId: false } },
      },
      { ask: 'GET /proxies', headers: { host: 'localhost' }, gets: nothing },
      { ask: 'GET /proxies', headers: { host: '[::1]:8474' }, gets: nothing },
    ],
  },
  {
    title: 'a body of more than a megabyte',
    steps: [
      {
        ask: 'POST /populate',
        send: `[${' '.repeat(1_100_000)}]`,
        gets: created('{"proxies":null}'),
        ours: { deviation: 'body-limit', gets: refused(413, 'the body is longer than 1048576 bytes') },
      },
    ],
  },
]
