/** The server as a program: flags, environment, files, signals, what it prints and counts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call } from './call.ts'
import type { DeviationId } from './deviations.ts'
import { openStand, soon, took } from './flow.ts'
import { commandOf, type Subject, startSubject, type Which } from './subject.ts'

export interface ServerCase {
  title: string
  see(is: Which): Promise<unknown>
  /** On a real Toxiproxy. */
  sees: unknown
  ours?: { deviation: DeviationId; sees: unknown }
}

/** Runs the program to its end. */
function run(is: Which, argv: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const [program, ...own] = commandOf(is)
  const { status, stdout, stderr } = spawnSync(program, [...own, ...argv], { encoding: 'utf8', timeout: 20_000 })
  return { status, stdout, stderr }
}

/** Starts it, lets it be looked at, and ends it. */
async function within<T>(
  is: Which,
  flags: readonly string[],
  look: (subject: Subject) => Promise<T> | T,
  env: Record<string, string> = {},
): Promise<T> {
  const subject = await startSubject(is, flags, env)
  try {
    return await look(subject)
  } finally {
    await subject.end()
  }
}

async function withConfig<T>(text: string, look: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-toxiproxy-'))
  writeFileSync(join(folder, 'config.json'), text)
  return look(join(folder, 'config.json')).finally(() => rmSync(folder, { recursive: true }))
}

/** Whether it starts with this, and which proxies it has then; ports are left out. */
const startsWith = (is: Which, flags: readonly string[]): Promise<string> =>
  within(is, flags, async ({ port }) => (await call(port, 'GET /proxies')).body.replaceAll(/127\.0\.0\.1:\d+/g, 'address')).catch(
    () => 'it does not start',
  )

const shown = (name: string, enabled: boolean, toxics = ''): string =>
  `"${name}":{"name":"${name}","listen":"address","upstream":"address","enabled":${enabled},"Logger":{},"toxics":[${toxics}]}`

const config = (more: object = {}): string =>
  JSON.stringify([
    { name: 'a', listen: '127.0.0.1:0', upstream: '127.0.0.1:1', ...more },
    { name: 'b', listen: '127.0.0.1:1', upstream: '127.0.0.1:1', enabled: false },
  ])

const files: readonly ServerCase[] = [
  {
    title: 'a config file',
    see: (is) => withConfig(config(), (file) => startsWith(is, ['-config', file])),
    sees: `{${shown('a', true)},${shown('b', false)}}`,
  },
  {
    title: 'toxics in a config file',
    see: (is) => withConfig(config({ toxics: [{ type: 'noop' }] }), (file) => startsWith(is, [`--config=${file}`])),
    sees: `{${shown('a', true)},${shown('b', false)}}`,
    ours: {
      deviation: 'config-toxics',
      sees: `{${shown('a', true, '{"attributes":{},"name":"noop_downstream","type":"noop","stream":"downstream","toxicity":1}')},${shown('b', false)}}`,
    },
  },
  ...Object.entries({ 'that is wrong': '[{"name":"a"}]', 'that is no JSON': 'junk' }).map(
    ([title, text]): ServerCase => ({
      title: `a config file ${title}`,
      see: (is) => withConfig(text, (file) => startsWith(is, ['-config', file])),
      sees: '{}',
      ours: { deviation: 'config-is-checked', sees: 'it does not start' },
    }),
  ),
  {
    title: 'a config file that is not there',
    see: (is) => startsWith(is, ['-config', '/nowhere/config.json']),
    sees: '{}',
    ours: { deviation: 'config-is-checked', sees: 'it does not start' },
  },
]

const process_: readonly ServerCase[] = [
  {
    title: '-version, with one dash or two',
    see: async (is) =>
      ['-version', '--version']
        .map((flag) => run(is, [flag]))
        .map(({ status, stdout }) => [status, stdout.replace(/^\d.*\n$/, 'a version')]),
    sees: [1, 2].map(() => [0, 'toxiproxy-server version 2.12.0\n']),
    ours: {
      deviation: 'version-flag',
      sees: [
        [0, 'toxiproxy-server version 2.12.0\n'],
        [0, 'a version'],
      ],
    },
  },
  {
    title: 'a flag that there is not',
    see: async (is) => {
      const { status, stdout, stderr } = run(is, ['-nope'])
      return [status, stdout, /nope/.test(stderr)]
    },
    sees: [2, '', true],
  },
  {
    title: 'flags in every form',
    see: (is) => startsWith(is, ['--host=127.0.0.1', '-seed', '5', '-proxy-metrics=true', '--runtime-metrics=false']),
    sees: '{}',
  },
  {
    title: 'only this machine reaches it, unless it is told otherwise',
    see: async (is) => [await within(is, [], reachable), await within(is, ['-host', '0.0.0.0'], reachable)],
    sees: [false, true],
  },
  ...(['SIGTERM', 'SIGINT'] as const).map(
    (signal): ServerCase => ({ title: signal, see: (is) => within(is, [], (subject) => subject.end(signal)), sees: 0 }),
  ),
  {
    title: 'its port is taken',
    see: (is) =>
      within(is, [], async ({ port }) => {
        const second = await startSubject(is, ['-port', String(port)], {}, { wait: false })
        await soon(() => second.ended() !== null, is === 'squall' ? 10_000 : 1000)
        const ended = second.ended()
        await second.end()
        return ended === null ? 'it runs' : ended === 0 ? 'it ended well' : 'it ended with an error'
      }),
    sees: 'it runs',
    ours: { deviation: 'port-taken', sees: 'it ended with an error' },
  },
]

/** At an address of this machine that is not the one meant by localhost. */
function reachable({ port }: Subject): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.2', port })
    socket
      .once('connect', () => resolve(true))
      .once('error', () => resolve(false))
      .once('connect', () => socket.destroy())
  })
}

interface Line {
  level: string
  time: string
  message: string
  version?: string
}

const log: readonly ServerCase[] = [
  {
    title: 'its log is JSON, a line each',
    see: (is) =>
      within(is, [], async (subject) => {
        await call(subject.port, 'POST /proxies', { body: '{"name":"a","listen":"127.0.0.1:0","upstream":"u:1"}' })
        await soon(() => subject.said().stdout.includes('ProxyCreate'))
        const lines = subject
          .said()
          .stdout.trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line)
        return [
          lines.every(({ time }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(time)),
          lines.filter(({ level }) => level === 'info').map(({ message }) => message),
          lines[0]?.version,
        ]
      }),
    sees: [true, ['Starting Toxiproxy', 'Starting Toxiproxy HTTP server', 'Started proxy'], '2.12.0'],
  },
  {
    title: 'LOG_LEVEL',
    see: async (is) => {
      const levels: string[][] = []
      for (const level of ['debug', 'info', 'warn', 'fatal']) {
        const text = await within(
          is,
          [],
          async (subject) => {
            await call(subject.port, 'GET /proxies')
            await call(subject.port, 'POST /proxies/none', { body: '' })
            await subject.end('SIGTERM')
            return subject.said().stdout
          },
          { LOG_LEVEL: level },
        )
        levels.push([...new Set([...text.matchAll(/"level":"(\w+)"/g)].map(([, found]) => found as string))].sort())
      }
      return levels
    },
    sees: [['debug', 'info', 'warn'], ['info', 'warn'], ['warn'], []],
  },
]

/** The lines of /metrics whose name begins so; ports are left out. */
async function metrics({ port }: Subject, beginning: string): Promise<string[]> {
  const { body } = await call(port, 'GET /metrics')
  const lines = body
    .split('\n')
    .filter((line) => line.startsWith(beginning) || line.startsWith(`# HELP ${beginning}`) || line.startsWith(`# TYPE ${beginning}`))
  return lines.map((line) => line.replaceAll(/127\.0\.0\.1:\d+/g, 'address').replace(/"p\d+"/, '"p"'))
}

const counted = (which: string, up: number, down: number): string[] => [
  `# HELP toxiproxy_proxy_${which}_bytes_total `,
  `# TYPE toxiproxy_proxy_${which}_bytes_total counter`,
  `toxiproxy_proxy_${which}_bytes_total{direction="downstream",listener="address",proxy="p",upstream="address"} ${down}`,
  `toxiproxy_proxy_${which}_bytes_total{direction="upstream",listener="address",proxy="p",upstream="address"} ${up}`,
]

/** What is counted while a connection of 5 bytes up and 3 down is open, or after it has ended. */
const countsWhen = (is: Which, ends: boolean): Promise<string[]> =>
  within(is, ['-proxy-metrics'], async (subject) => {
    const stand = await openStand(subject)
    const { caller, service } = await stand.pair()
    caller.send('hello')
    service.send('bye')
    await took(service, 5, 0)
    await took(caller, 3, 0)
    if (ends) {
      caller.socket.end()
      await soon(() => service.state() !== 'open')
      service.socket.end()
      await soon(() => caller.state() !== 'open')
      for (let tries = 0; tries < 50 && (await metrics(subject, 'toxiproxy_')).length < 8; tries++)
        await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const lines = await metrics(subject, 'toxiproxy_')
    await stand.close()
    return lines
  })

const both = [...counted('received', 5, 3), ...counted('sent', 5, 3)]

const numbers: readonly ServerCase[] = [
  { title: 'bytes of a connection that has ended', see: (is) => countsWhen(is, true), sees: both },
  {
    title: 'bytes of a connection that is open',
    see: (is) => countsWhen(is, false),
    sees: [],
    ours: { deviation: 'counts-live', sees: both },
  },
  {
    title: 'what -runtime-metrics tells of',
    see: (is) =>
      within(is, ['-runtime-metrics'], async (subject) => {
        const { status, headers, body } = await call(subject.port, 'POST /metrics')
        const common = [
          'process_cpu_seconds_total',
          'process_max_fds',
          'process_open_fds',
          'process_resident_memory_bytes',
          'process_start_time_seconds',
          'process_virtual_memory_bytes',
        ]
        const of = [/^go_info/m, /^nodejs_info/m].map((name) => name.test(body))
        return [
          status,
          headers['content-type']?.split(';')[0],
          common.every((name) => new RegExp(`^${name} [0-9.e+]+$`, 'm').test(body)),
          ...of,
        ]
      }),
    sees: [200, 'text/plain', true, true, false],
    ours: { deviation: 'runtime-metrics', sees: [200, 'text/plain', true, false, true] },
  },
  {
    title: 'who is drawn by two servers with the same seed',
    see: async (is) => {
      const draws = (): Promise<string> => within(is, ['-seed', '7'], drawn)
      return (await draws()) === (await draws()) ? 'the same' : 'others'
    },
    sees: 'others',
    ours: { deviation: 'seed-repeats', sees: 'the same' },
  },
]

/** Of 24 connections, one after the other, which ones a toxicity of 0.5 takes. */
async function drawn(subject: Subject): Promise<string> {
  const stand = await openStand(subject, 'seeded')
  await stand.add({ type: 'limit_data', toxicity: 0.5, attributes: { bytes: 0 } })
  let pattern = ''
  for (let at = 0; at < 24; at++) {
    const { caller, service } = await stand.pair()
    service.send('x')
    await soon(() => caller.got().length > 0 || caller.state() !== 'open')
    pattern += caller.state() === 'open' ? '-' : 'x'
  }
  await stand.close()
  return pattern
}

export const serverCases: Record<string, readonly ServerCase[]> = { files, process: process_, log, numbers }
