/** Random secrets on every path through whole runs; then every byte that Squall has left or said is searched for them. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { listPids } from '../../src/system/proc.ts'
import { openStage, type Stage, until } from './stage.ts'

const seed = Number(process.env.SECRETS_SEED ?? Date.now() % 1e9)
console.log(`secrets: SECRETS_SEED=${seed}`)

/** How the run goes: every error path quotes secrets in words of its own. */
const courses = ['fine', 'inject fails', 'module dies', 'undo fails at first', 'runner killed'] as const

/** Where a secret goes. A header takes printable ASCII only; an environment variable everything but NUL. */
const paths = ['URL', 'HEADER', 'BODY', 'SOURCE_URL', 'SOURCE_HEADER', 'SOURCE_TOOL', 'SOURCE_OWN', 'COMMAND', 'MODULE'] as const
type Secrets = Record<(typeof paths)[number], string>

const printable = fc.string({ unit: 'grapheme-ascii', minLength: 10, maxLength: 40 }).filter((text) => text.trim() === text)
const any = fc.string({ unit: 'grapheme', minLength: 10, maxLength: 40 }).filter((text) => text.isWellFormed() && !text.includes('\0'))
const words = fc.oneof(printable, fc.base64String({ minLength: 12, maxLength: 60 }), fc.uuid())
// So much chance in it that it is not found by accident: fast-check likes names such as toString, which stand in a report's script.
const rich = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.noBias(text).filter((value) => new Set(value).size >= 8)
const secrets: fc.Arbitrary<Secrets> = fc.record({
  URL: rich(fc.oneof(any, words)),
  HEADER: rich(words),
  BODY: rich(fc.oneof(any, words)),
  SOURCE_URL: rich(fc.oneof(any, words)),
  SOURCE_HEADER: rich(words),
  SOURCE_TOOL: rich(fc.oneof(any, words)),
  SOURCE_OWN: rich(fc.oneof(any, words)),
  COMMAND: rich(fc.oneof(any, words)),
  MODULE: rich(fc.oneof(any, words)),
})

/** Stands where the secrets stand but is none: it must be found, or the search would see nothing. */
const marker = 'plain-marker-of-the-test'

suite('no secret leaves', { concurrency: 2 }, () => {
  for (const [index, values] of fc.sample(secrets, { numRuns: courses.length, seed }).entries()) {
    const course = courses[index] as (typeof courses)[number]
    test(`when the run goes like this: ${course}`, async () => {
      const stage = await openStage()
      const server = await startServer(stage)
      try {
        await oneRun(stage, server, course, values)
      } finally {
        server.http.close()
        server.http.closeAllConnections()
        await stage.close()
      }
    })
  }
})

interface EchoServer {
  http: Server
  url: string
  /** Everything it was sent. */
  seen: Set<string>
}

/** Says back all it gets; while the fault is there, as no JSON and with status 500. */
async function startServer(stage: Stage): Promise<EchoServer> {
  const seen = new Set<string>()
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const key = new URL(request.url ?? '', 'http://h').searchParams.get('key') ?? ''
    for (const value of [key, request.headers.authorization, String(request.headers['x-key'] ?? ''), body]) if (value) seen.add(value)
    const echo = JSON.stringify({ key, headers: request.headers, body })
    if (!existsSync(stage.path('on'))) return response.end('{"up":1}')
    if (request.url?.startsWith('/metrics')) return response.end(`{"up":"no number, ${echo}`)
    response.writeHead(500).end(echo)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, seen }
}

function writeDocument(stage: Stage, url: string, course: string): string {
  const on = stage.path('on')
  stage.write(
    'tool.sh',
    `#!/bin/sh
echo "${marker} $COMMAND" $(printf %s "user:$COMMAND" | base64 -w0)
echo "${marker} said $COMMAND" >&2
case $1 in
  on) ${course === 'inject fails' ? 'exit 3' : `touch ${on}`};;
  off) rm -f ${on};;
  check) echo "${marker} is with $COMMAND"; test -e ${on};;
esac
`,
  )
  stage.write('queue.sh', `#!/bin/sh\ntest -e ${on} || { echo 1; exit; }\necho "${marker} $SOURCE_TOOL"\nexit 4\n`)
  stage.write(
    'source.ts',
    `import { existsSync } from 'node:fs'
export default {
  async now(config, query, context) {
    const value = await context.secret('SOURCE_OWN')
    console.log(value)
    context.log('${marker} ' + value)
    if (existsSync(${JSON.stringify(on)})) throw new Error('${marker} was refused ' + JSON.stringify({ value }))
    return { value: 1 }
  },
}
`,
  )
  stage.write(
    'own.ts',
    `import { existsSync, rmSync, writeFileSync } from 'node:fs'
const flag = ${JSON.stringify(stage.path('own'))}
export default {
  type: 'own', places: ['none'], needs: () => [], settle: '100ms',
  async plan(spec, target, context) {
    const value = await context.secret(spec.token)
    return { state: { token: spec.token }, does: '${marker} ' + value, undoes: 'forget ' + encodeURIComponent(value) }
  },
  async inject(state, context) {
    const value = await context.secret(state.token)
    context.log('${marker} ' + value)
    console.log(value)
    console.error(JSON.stringify(value))
    if (${course === 'module dies'}) process.exit(3)
    writeFileSync(flag, '')
  },
  async rollback(state, context) {
    const value = await context.secret(state.token)
    if (${course === 'undo fails at first'} && !existsSync(flag + '-failed')) {
      writeFileSync(flag + '-failed', '')
      throw new Error('${marker} cannot be undone with ' + value)
    }
    rmSync(flag, { force: true })
  },
  async look(state, context) {
    const value = await context.secret(state.token)
    return { active: existsSync(flag), seen: '${marker} ' + value + ' is ' + Buffer.from('user:' + value).toString('base64url') }
  },
}
`,
  )
  return stage.write(
    'experiment.yaml',
    `name: evil
hypothesis: Nobody learns a secret from Squall.
environment: staging
traffic:
  url: "${url}/pay?key=\${secret:URL}"
  method: POST
  rate: 20/s
  timeout: 1s
  headers: { authorization: "Bearer \${secret:HEADER}" }
  body: { key: "\${secret:BODY}" }
sources:
  app: { type: endpoint, url: "${url}/metrics?key=\${secret:SOURCE_URL}", headers: { x-key: "\${secret:SOURCE_HEADER}" } }
  tool: { type: command, run: [./queue.sh], secrets: [SOURCE_TOOL] }
  own: { type: ./source.ts }
measures:
  up: { from: app, unit: count, min: { recovery: 1 } }
  queue: { from: tool, unit: count }
  other: { from: own, unit: count }
  latency_p99: none
  error_rate: none
  throughput: none
phases: { warmup: 0s, baseline: 2s, fault: 4s, recovery: 1s }
faults:
  - type: command
    inject: [./tool.sh, 'on']
    rollback: [./tool.sh, 'off']
    check: [./tool.sh, check]
    secrets: [COMMAND]
  - type: ./own.ts
    with: { token: "\${secret:MODULE}" }
`,
  )
}

async function oneRun(stage: Stage, server: EchoServer, course: string, values: Secrets): Promise<void> {
  Object.assign(stage.env, values, { XDG_CACHE_HOME: stage.path('cache') })
  const document = writeDocument(stage, server.url, course)
  const said: string[] = []
  const keep = ({ stdout, stderr }: { stdout: string; stderr: string }): void => void said.push(stdout, stderr)
  keep(await stage.command('plan', document))
  keep(await stage.command('plan', document, '--json'))
  const runner = stage.run(document)
  const watch = watchProcesses(Object.values(values))
  if (course === 'runner killed') {
    const { id } = await stage.started()
    await until('the faults to be there', () => existsSync(stage.path('on')) && existsSync(stage.path('own')), 30_000)
    process.kill(runner.pid, 'SIGKILL')
    await until('the guardian to have ended', () => !existsSync(join(stage.state, 'open', id)) && !existsSync(stage.path('on')), 30_000)
  }
  const ended = await runner.ended
  keep(ended)
  assert.notEqual(ended.code, 2, `it was refused: ${stage.said()}`)
  for (const args of [
    ['history', 'evil', '--json'],
    ['show'],
    ['show', '--json'],
    ['report', '--out', stage.path('report.html')],
    ['report', '--format', 'md'],
    ['report', '--format', 'junit'],
    ['export'],
    ['rollback', '--json'],
    ['doctor'],
  ])
    keep(await stage.command(...args))
  watch.stop()

  // The secrets were really used, and what surrounds them is really found: else this test would prove nothing.
  for (const path of ['URL', 'SOURCE_URL', 'SOURCE_HEADER'] as const) assert.ok(server.seen.has(values[path]), `the server got ${path}`)
  assert.ok(
    server.seen.has(`Bearer ${values.HEADER}`) && server.seen.has(JSON.stringify({ key: values.BODY })),
    'the server got the header and the body',
  )
  const left = filesBelow(stage.state, stage.path('cache'), stage.path('report.html'))
  const texts = [...left.map(([name, bytes]) => [name, bytes.toString('latin1')] as const), ['what was said', said.join('\n')] as const]
  // Only there the fault stays long enough for the sources to complain.
  if (course === 'fine' || course === 'undo fails at first')
    for (const what of [`${marker} was refused`, 'queue.sh ended with 4'])
      assert.ok(
        texts.some(([name, text]) => name.endsWith('run.db') && text.includes(what)),
        `the record tells: ${what}`,
      )
  for (const where of ['journal', 'guardian.log', 'run.db', 'report.html', 'what was said'])
    assert.ok(
      texts.some(([name, text]) => name.endsWith(where) && text.includes(marker)),
      `${where} tells what is no secret`,
    )

  const found = Object.entries(values).flatMap(([path, value]) =>
    texts.flatMap(([name, text]) =>
      writingsOf(value)
        .filter(([, needle]) => text.includes(name === 'what was said' ? needle : bytesOf(needle)))
        .map(([how]) => `${path} ${how} in ${name}`),
    ),
  )
  assert.deepEqual(found, [], JSON.stringify(values))
  assert.deepEqual(watch.found, [])
  assert.ok(said.join('').includes('•••'))
  assert.ok(watch.looks > 10)
}

/** As it is, and as people meet it elsewhere. */
function writingsOf(value: string): [how: string, text: string][] {
  const base64 = [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
    return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
  })
  const escaped = JSON.stringify(value).slice(1, -1)
  return [
    ['as it is', value],
    ['percent-encoded', encodeURIComponent(value)],
    ['in JSON', escaped],
    ['in JSON in JSON', JSON.stringify(escaped).slice(1, -1)],
    ['its first half', value.slice(0, Math.max(8, value.length / 2))],
    ...base64.map((text): [string, string] => ['in base64', text]),
  ]
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function filesBelow(...places: string[]): [name: string, bytes: Buffer][] {
  return places.flatMap((place): [string, Buffer][] => {
    if (!existsSync(place)) return []
    if (statSync(place).isFile()) return [[place, readFileSync(place)]]
    if (!statSync(place).isDirectory()) return []
    return filesBelow(...readdirSync(place).map((name) => join(place, name)))
  })
}

/** Looks at the command line of every process of the machine, again and again; and at the environment of Squall's own. */
function watchProcesses(values: readonly string[]): { found: string[]; readonly looks: number; stop(): void } {
  const found: string[] = []
  let looks = 0
  const look = (): void => {
    looks++
    for (const pid of listPids()) {
      const command = read(`/proc/${pid}/cmdline`)
      if (values.some((value) => command.includes(bytesOf(value)))) found.push(`the command line of ${command.replaceAll('\0', ' ')}`)
      const isOurs = /guardian\.js|-host\.js|close-record\.js/.test(command)
      if (isOurs && values.some((value) => read(`/proc/${pid}/environ`).includes(bytesOf(value))))
        found.push(`the environment of ${command}`)
    }
  }
  const timer = setInterval(look, 100)
  return {
    found,
    get looks() {
      return looks
    },
    stop: () => clearInterval(timer),
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // It has ended.
  }
}
