/** Toxics: add, show, list, change, remove. */
import { badBody, type Case, created, gone, ok, proxy, refused, type Step, toxic } from './case.ts'

const listen = '127.0.0.1:<A>'
const makeA: Step = { ask: 'POST /proxies', send: { name: 'a', listen, upstream: 'up:1' }, gets: created(proxy('a', listen, 'up:1')) }
const add = (send: unknown, gets: Step['gets']): Step => ({ ask: 'POST /proxies/a/toxics', send, gets })
const change = (send: unknown, gets: Step['gets'], method = 'PATCH'): Step => ({ ask: `${method} /proxies/a/toxics/t`, send, gets })
const badStream = refused(400, 'stream was invalid, can be either upstream or downstream')
const badType = refused(400, 'invalid toxic type')
const taken = refused(409, 'toxic already exists')
const latency = (milliseconds: number, jitter: number, more: Parameters<typeof toxic>[2] = {}): string =>
  toxic('latency', { latency: milliseconds, jitter }, more)
const field = (what: string, name: string, type: string): ReturnType<typeof badBody> =>
  badBody(`json: cannot unmarshal ${what} into Go struct field ${name} of type ${type}`)

/** Every type, with all its attributes in the order in which they are written. */
const types: Record<string, string[]> = {
  latency: ['latency', 'jitter'],
  bandwidth: ['rate'],
  slow_close: ['delay'],
  timeout: ['timeout'],
  reset_peer: ['timeout'],
  slicer: ['average_size', 'size_variation', 'delay'],
  limit_data: ['bytes'],
  noop: [],
}
/** A slicer needs an average_size. */
const usable = Object.keys(types).filter((type) => type !== 'slicer')
const zeros = (type: string): Record<string, number> => Object.fromEntries((types[type] ?? []).map((name) => [name, 0]))
const numbered = (type: string): Record<string, number> => Object.fromEntries((types[type] ?? []).map((name, at) => [name, at + 11]))

/** A toxicity as it is sent, and as a number of 32 bits is written. */
const toxicities: readonly [string, string][] = [
  ['0', '0'],
  ['1', '1'],
  ['0.1', '0.1'],
  ['0.3', '0.3'],
  ['0.5', '0.5'],
  ['7', '7'],
  ['-1', '-1'],
  ['0.123456789', '0.12345679'],
  ['0.000001', '0.000001'],
  ['0.0000001', '1e-7'],
  ['1e-9', '1e-9'],
  ['1e2', '100'],
  ['1e20', '100000000000000000000'],
  ['1e21', '1e+21'],
  ['16777217', '16777216'],
  ['null', '1'],
]

export const toxicCases: readonly Case[] = [
  {
    title: 'each type with what is set when nothing is said',
    steps: [
      makeA,
      ...usable.map((type) => add({ type }, ok(toxic(type, zeros(type))))),
      { ask: 'GET /proxies/a/toxics', gets: ok(`[${usable.map((type) => toxic(type, zeros(type)))}]`) },
    ],
  },
  {
    title: 'values that kill a server at the first byte',
    steps: [
      makeA,
      {
        ...add({ type: 'slicer' }, ok(toxic('slicer', zeros('slicer')))),
        ours: {
          deviation: 'wrong-values',
          gets: badBody('slicer: average_size must be at least 1 byte, not 0: no piece can be smaller'),
        },
      },
      {
        ...add({ type: 'bandwidth', attributes: { rate: -1 } }, ok(toxic('bandwidth', { rate: -1 }))),
        ours: { deviation: 'wrong-values', gets: badBody('bandwidth: rate must be 0 (nothing passes) or more KB per second, not -1') },
      },
    ],
  },
  {
    title: 'each type with every attribute, shown, listed, and removed',
    steps: [
      makeA,
      ...Object.keys(types).flatMap((type): Step[] => {
        const text = toxic(type, numbered(type), { name: `my ${type}`, stream: 'upstream', toxicity: 0.5 })
        return [
          add({ name: `my ${type}`, type, stream: 'upstream', toxicity: 0.5, attributes: { ...numbered(type), unknown: 'x' } }, ok(text)),
          { ask: `GET /proxies/a/toxics/my%20${type}`, gets: ok(text) },
          { ask: 'GET /proxies/a/toxics', gets: ok(`[${text}]`) },
          { ask: 'GET /proxies/a', gets: ok(proxy('a', listen, 'up:1', { toxics: [text] })) },
          { ask: `DELETE /proxies/a/toxics/my%20${type}`, gets: gone },
          { ask: `DELETE /proxies/a/toxics/my%20${type}`, gets: refused(404, 'toxic not found') },
          { ask: 'GET /proxies/a/toxics', gets: ok('[]') },
        ]
      }),
    ],
  },
  {
    title: 'types that there are not',
    steps: [
      makeA,
      ...['down', 'packet_loss', 'LATENCY', '', 'nope'].map((type) => add({ type }, badType)),
      add({}, badType),
      add('null', badType),
    ],
  },
  {
    title: 'streams in any case, echoed as they were sent; others are refused, an empty one too',
    steps: [
      makeA,
      add({ type: 'latency', stream: 'UPSTREAM' }, ok(latency(0, 0, { stream: 'UPSTREAM' }))),
      add({ type: 'latency', stream: 'Downstream' }, ok(latency(0, 0, { stream: 'Downstream' }))),
      ...['', 'both', 'up', ' upstream'].map((stream) => add({ type: 'latency', stream }, badStream)),
      add({ type: 'latency', stream: null, name: 'n' }, ok(latency(0, 0, { name: 'n' }))),
      add({ type: 'latency', stream: 5 }, field('number', 'ToxicWrapper.stream', 'string')),
    ],
  },
  {
    title: 'in which order things are looked at: JSON, stream, type, name, attributes',
    steps: [
      makeA,
      add({ name: 't', type: 'latency' }, ok(latency(0, 0, { name: 't' }))),
      add('{"type":"nope","stream":"both"', badBody('unexpected EOF')),
      add({ name: 't', type: 'nope', stream: 'both' }, badStream),
      add({ name: 't', type: 'nope' }, badType),
      add({ name: 't', type: 'latency', attributes: { latency: 'x' } }, taken),
      add({ name: 'u', type: 'latency', attributes: { latency: 'x' } }, field('string', 'LatencyToxic.attributes.latency', 'int64')),
      { ask: 'GET /proxies/a/toxics', gets: ok(`[${latency(0, 0, { name: 't' })}]`) },
    ],
  },
  {
    title: 'both streams share one set of names',
    steps: [
      makeA,
      add({ type: 'latency' }, ok(latency(0, 0))),
      add({ type: 'latency' }, taken),
      add({ type: 'latency', stream: 'upstream' }, ok(latency(0, 0, { stream: 'upstream' }))),
      add({ type: 'noop', stream: 'upstream', name: 'latency_downstream' }, taken),
    ],
  },
  {
    title: 'in which order they are listed: upstream as added, then downstream as added',
    steps: [
      makeA,
      ...[
        ['1', 'downstream'],
        ['2', 'upstream'],
        ['3', 'downstream'],
        ['4', 'upstream'],
      ].map(([name, stream]) =>
        add({ name, type: 'noop', stream }, ok(toxic('noop', {}, { name: name as string, stream: stream as string }))),
      ),
      {
        ask: 'GET /proxies/a/toxics',
        gets: ok(
          `[${[
            ['2', 'upstream'],
            ['4', 'upstream'],
            ['1', 'downstream'],
            ['3', 'downstream'],
          ].map(([name, stream]) => toxic('noop', {}, { name: name as string, stream: stream as string }))}]`,
        ),
      },
    ],
  },
  {
    title: 'bodies that are no toxic',
    steps: [
      makeA,
      add('', badBody('EOF')),
      add('{', badBody('unexpected EOF')),
      add('junk', badBody("invalid character 'j' looking for beginning of value")),
      add('[]', badBody('json: cannot unmarshal array into Go value of type toxics.ToxicWrapper')),
      add('5', badBody('json: cannot unmarshal number into Go value of type toxics.ToxicWrapper')),
      add({ type: 5 }, field('number', 'ToxicWrapper.type', 'string')),
      add({ type: 'latency', name: [] }, field('array', 'ToxicWrapper.name', 'string')),
      add({ type: 'latency', toxicity: '1' }, field('string', 'ToxicWrapper.toxicity', 'float32')),
      add('{"type":"latency","toxicity":1e39}', field('number 1e39', 'ToxicWrapper.toxicity', 'float32')),
      { ask: 'GET /proxies/a/toxics', gets: ok('[]') },
    ],
  },
  {
    title: 'attributes: whole numbers, or nothing',
    steps: [
      makeA,
      add({ name: '1', type: 'latency', attributes: null }, ok(latency(0, 0, { name: '1' }))),
      add({ name: '2', type: 'latency', attributes: { latency: null } }, ok(latency(0, 0, { name: '2' }))),
      add({ name: '3', type: 'latency', attributes: { LATENCY: 7, jitter: -5 } }, ok(latency(7, -5, { name: '3' }))),
      add({ name: '4', type: 'noop', attributes: { latency: 'x' } }, ok(toxic('noop', {}, { name: '4' }))),
      add(
        { name: 'x', type: 'latency', attributes: [] },
        badBody('json: cannot unmarshal array into Go struct field <...>attributes of type toxics.<...>'),
      ),
      add(
        { name: 'x', type: 'latency', attributes: 'x' },
        badBody('json: cannot unmarshal string into Go struct field <...>attributes of type toxics.<...>'),
      ),
      ...[
        ['5.5', 'number 5.5'],
        ['1e3', 'number 1e3'],
        ['99999999999999999999', 'number 99999999999999999999'],
        ['"5"', 'string'],
        ['true', 'bool'],
        ['{}', 'object'],
      ].map(([value, what]) =>
        add(
          `{"name":"x","type":"latency","attributes":{"latency":${value}}}`,
          field(what as string, 'LatencyToxic.attributes.latency', 'int64'),
        ),
      ),
      ...Object.entries({
        bandwidth: 'BandwidthToxic.attributes.rate',
        slow_close: 'SlowCloseToxic.attributes.delay',
        timeout: 'TimeoutToxic.attributes.timeout',
        reset_peer: 'ResetToxic.attributes.timeout',
        limit_data: 'LimitDataToxic.attributes.bytes',
      }).map(([type, name]) =>
        add({ name: 'x', type, attributes: { [name.split('.')[2] as string]: 'y' } }, field('string', name, 'int64')),
      ),
      add({ name: 'x', type: 'slicer', attributes: { average_size: 'y' } }, field('string', 'SlicerToxic.attributes.average_size', 'int')),
      add(
        '{"name":"5","type":"timeout","attributes":{"timeout":9007199254740993}}',
        ok('{"attributes":{"timeout":9007199254740993},"name":"5","type":"timeout","stream":"downstream","toxicity":1}'),
      ),
    ],
  },
  {
    title: 'toxicity: any number, of 32 bits',
    steps: [
      makeA,
      ...toxicities.map(([sent, shown], at) =>
        add(
          `{"name":"${at}","type":"noop","toxicity":${sent}}`,
          ok(toxic('noop', {}, { name: String(at), toxicity: 5 }).replace('"toxicity":5', `"toxicity":${shown}`)),
        ),
      ),
    ],
  },
  {
    title: 'only the first value of a body is read, and names of keys match in any case',
    steps: [
      makeA,
      add('{"NAME":"t","Type":"latency","ATTRIBUTES":{"latency":5}} trailing', ok(latency(5, 0, { name: 't' }))),
      change('{"attributes":{"jitter":9}} trailing', ok(latency(5, 9, { name: 't' }))),
    ],
  },
  {
    title: 'a change merges, by both methods',
    steps: [
      makeA,
      add(
        { name: 't', type: 'latency', toxicity: 0.3, attributes: { latency: 5, jitter: 6 } },
        ok(latency(5, 6, { name: 't', toxicity: 0.3 })),
      ),
      ...['POST', 'PATCH'].flatMap((method): Step[] => [
        change({ attributes: { latency: 50 } }, ok(latency(50, 6, { name: 't', toxicity: 0.3 })), method),
        change({ toxicity: 0.7 }, ok(latency(50, 6, { name: 't', toxicity: 0.7 })), method),
        change({ toxicity: null, attributes: null }, ok(latency(50, 6, { name: 't', toxicity: 0.7 })), method),
        change({ toxicity: 0 }, ok(latency(50, 6, { name: 't', toxicity: 0 })), method),
        change({}, ok(latency(50, 6, { name: 't', toxicity: 0 })), method),
        change('null', ok(latency(50, 6, { name: 't', toxicity: 0 })), method),
        change({ toxicity: 0.3, attributes: { latency: 5, unknown: 1 } }, ok(latency(5, 6, { name: 't', toxicity: 0.3 })), method),
      ]),
      { ask: 'GET /proxies/a/toxics/t', gets: ok(latency(5, 6, { name: 't', toxicity: 0.3 })) },
    ],
  },
  {
    title: 'name, type and stream in a change are overlooked',
    steps: [
      makeA,
      add({ name: 't', type: 'latency' }, ok(latency(0, 0, { name: 't' }))),
      change({ name: 'u', type: 'noop', stream: 'both', attributes: { latency: 1 } }, ok(latency(1, 0, { name: 't' }))),
      { ask: 'GET /proxies/a/toxics/u', gets: refused(404, 'toxic not found') },
    ],
  },
  {
    title: 'bodies that are no change of a toxic',
    steps: [
      makeA,
      add({ name: 't', type: 'latency' }, ok(latency(0, 0, { name: 't' }))),
      change('', badBody('EOF')),
      change('[]', badBody('json: cannot unmarshal array into Go value of type <...>')),
      change({ toxicity: 'x' }, field('string', '<...>toxicity', 'float32')),
      change({ attributes: [] }, field('array', '<...>attributes', 'toxics.LatencyToxic')),
      change({ attributes: { latency: 'x' } }, field('string', 'LatencyToxic.attributes.latency', 'int64')),
      { ask: 'GET /proxies/a/toxics/t', gets: ok(latency(0, 0, { name: 't' })) },
    ],
  },
  {
    title: 'a change that is refused',
    steps: [
      makeA,
      add({ name: 't', type: 'latency' }, ok(latency(0, 0, { name: 't' }))),
      change('{"attributes":{"latency":44,"jitter":"x"}}', field('string', 'LatencyToxic.attributes.jitter', 'int64')),
      {
        ask: 'GET /proxies/a/toxics/t',
        gets: ok(latency(44, 0, { name: 't' })),
        ours: { deviation: 'refused-changes-nothing', gets: ok(latency(0, 0, { name: 't' })) },
      },
    ],
  },
]
