import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'yaml'
import { documentCatalogue } from '../../src/catalogue.ts'
import { findProject } from '../../src/cli/project.ts'
import { loadDocumentText } from '../../src/document/load.ts'
import type { Problem } from '../../src/document/problems.ts'
import type { Project } from '../../src/document/project.ts'
import { loadProject } from '../../src/document/project-load.ts'
import { catalogue } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'squall-project-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const types = ['pause', 'kill', 'cpu', 'command']
let files = 0
function projectFile(text: string): string {
  const at = join(folder, `p${++files}`)
  mkdirSync(at)
  writeFileSync(join(at, 'squall.yaml'), text)
  return join(at, 'squall.yaml')
}

function project(text: string): Project {
  const loaded = loadProject(projectFile(text), types)
  assert.ok(loaded.ok, JSON.stringify(!loaded.ok && loaded.problems))
  return loaded.project
}

function problems(text: string): Problem[] {
  const loaded = loadProject(projectFile(text), types)
  assert.ok(!loaded.ok, 'it is valid')
  return loaded.problems
}

const document = `name: unit
hypothesis: Nothing happens.
environment: staging
traffic: { url: http://a/, rate: 50/s }
faults:
  - type: pause
    target: { process: a }
`

const complete = `environments:
  production:
    max_targets: 10%
    places: [process, none]
    faults: [pause, own]
    max_duration: 15m
    hours: { days: "fri-mon, wed", from: "09:30", to: "24:00", zone: Europe/Berlin }
    must_expire: true
    heartbeat_lost: 3s
secrets: keys/prod.env
`

describe('a project file', () => {
  test('is found in the folder or above, no further than the root of the repository', () => {
    const repository = join(folder, 'repository')
    const deep = join(repository, 'a', 'b')
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(folder, 'squall.yaml'), '')
    assert.equal(findProject(deep), join(folder, 'squall.yaml'))
    mkdirSync(join(repository, '.git'))
    assert.equal(findProject(deep), null, 'what lies above the repository is not of this project')
    writeFileSync(join(repository, 'squall.yaml'), '')
    assert.equal(findProject(deep), join(repository, 'squall.yaml'))
    writeFileSync(join(deep, 'squall.yaml'), '')
    assert.equal(findProject(deep), join(deep, 'squall.yaml'))
    rmSync(join(folder, 'squall.yaml'))
  })

  test('gives each rule with its value, how it was written, and where', () => {
    const { environments, secretsFile, file } = project(complete)
    const at = (line: number) => `squall.yaml:${line}`
    assert.deepEqual(environments, {
      production: {
        maxTargets: { value: { share: 0.1 }, text: '10%', at: at(3) },
        places: { value: ['process', 'none'], text: 'process, none', at: at(4) },
        faults: { value: ['pause', 'own'], text: 'pause, own', at: at(5) },
        maxDuration: { value: 900_000, text: '15m', at: at(6) },
        hours: {
          value: { days: [1, 3, 5, 6, 7], from: 570, to: 1440, zone: 'Europe/Berlin' },
          text: 'fri-mon, wed 09:30 to 24:00 Europe/Berlin',
          at: at(7),
        },
        mustExpire: { value: true, text: 'true', at: at(8) },
        heartbeatLost: { value: 3000, text: '3s', at: at(9) },
      },
    })
    assert.equal(secretsFile, join(file, '..', 'keys/prod.env'))
  })

  test('may be empty, or hold only comments', () => {
    for (const text of ['', '\n', '# nothing yet\n']) assert.deepEqual(project(text).environments, {})
  })

  test('all problems come at once, each with its place and a fix', () => {
    const found = problems(`enviroments: {}
environments:
  prod: { max_targets: 1 }
  staging:
    max_targets: 0
    max_target: 1
    faults: [puase]
    places: [process, moon]
    max_duration: 15
    hours: { days: mo-fri, from: 09:00, to: "9:00", zone: Europe/Berln }
    heartbeat_lost: 100ms
    must_expire: "yes"
defaults:
  phases: { baseline: 1m30s }
  faults: []
secret: x
`)
    assert.deepEqual(
      found.map(({ code, line, column, fix }) => [code, `${line}:${column}`, fix ?? '']),
      [
        ['key-unknown', '1:1', 'did you mean “environments”?'],
        ['key-unknown', '3:3', 'did you mean “production”?'],
        ['quantity', '5:18', 'write a number from 1 on, or a share up to 100%'],
        ['key-unknown', '6:5', 'did you mean “max_targets”?'],
        ['value-not-allowed', '7:14', 'did you mean “pause”?'],
        ['value-not-allowed', '8:23', 'write process, proxy, container, host, database, pod, node, app, url or none'],
        ['quantity', '9:19', 'write 15ms or 15s'],
        ['quantity', '10:20', 'days are mon tue wed thu fri sat sun; write mon-fri or "mon, wed"'],
        ['quote-it', '10:34', 'quote it: "09:00"'],
        ['quantity', '10:45', 'write "09:00", with quotes'],
        ['quantity', '10:59', 'did you mean “Europe/Berlin”?'],
        ['value-not-allowed', '11:21', 'write e.g. 5s'],
        ['wrong-type', '12:18', 'write true or false, without quotes'],
        ['quantity', '14:23', 'write 90s'],
        ['key-unknown', '15:3', 'possible here: service, owner, tags, traffic, phases'],
        ['key-unknown', '16:1', 'did you mean “secrets”?'],
      ],
    )
  })

  test('a type of fault that does not exist is told, with the nearest', () => {
    assert.deepEqual(
      problems('environments: { test: { faults: [puase, own] } }').map(({ code, column, fix }) => [code, column, fix]),
      [['value-not-allowed', 34, 'did you mean “pause”?']],
    )
  })

  test('hours lie within one day', () => {
    const [problem] = problems('environments: { test: { hours: { days: mon, from: "22:00", to: "06:00", zone: UTC } } }')
    assert.match(`${problem?.message} ${problem?.fix}`, /to: the hours end before they begin hours lie within one day/)
  })

  test('the example of the reference is in order', () => {
    const page = readFileSync(new URL('../../docs/reference/project.md', import.meta.url), 'utf8')
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''
    assert.deepEqual(Object.keys(project(example).environments), ['staging', 'production'])
  })

  test('whatever was done to one, it is read or its problems are told', () => {
    const edit = fc.tuple(
      fc.nat(complete.length),
      fc.nat(30),
      fc.string({ unit: fc.constantFrom(...'{}[]:,#&*!|>%"\' \n0a-'), maxLength: 8 }),
    )
    const at = projectFile('')
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = edits.reduce((changed, [from, size, more]) => changed.slice(0, from) + more + changed.slice(from + size), complete)
        writeFileSync(at, text)
        const loaded = loadProject(at, types)
        assert.ok(loaded.ok || loaded.problems.length > 0)
      }),
      { numRuns: 500 },
    )
  })

  test('the schema for editors takes what is read, and refuses what is not', () => {
    const schema = JSON.parse(readFileSync(new URL('../../schema/project.json', import.meta.url), 'utf8')) as object
    const takes = new Ajv2020({ allowUnionTypes: true }).compile(schema)
    for (const text of [complete, '{}', 'defaults: { phases: { fault: 30s }, tags: [a] }', 'environments: { test: { max_targets: 2 } }'])
      assert.ok(takes(parse(text)), `${text}: ${JSON.stringify(takes.errors)}`)
    for (const text of [
      'env: {}',
      'environments: { prod: {} }',
      'environments: { test: { max_targets: 0 } }',
      'environments: { test: { faults: [puase] } }',
      'environments: { test: { places: [moon] } }',
      'defaults: { phases: { fault: 30 } }',
      'environments: { test: { hours: { days: mon } } }',
    ])
      assert.ok(!takes(parse(text)), text)
  })

  test('one that is no YAML, or is not there, is told like a document', () => {
    assert.equal(problems('environments: [')[0]?.code, 'syntax')
    const missing = loadProject(join(folder, 'nowhere.yaml'), types)
    assert.equal(missing.ok ? '' : missing.problems[0]?.code, 'file-not-readable')
  })
})

describe('defaults', () => {
  const load = (text: string, defaults: string): ReturnType<typeof loadDocumentText> =>
    loadDocumentText(text, 'x.yaml', { catalogue, project: project(defaults) })

  test('stand where a document says nothing, key by key in traffic and phases', () => {
    const defaults = `defaults:
  owner: team-a
  tags: [nightly]
  traffic: { rate: 5/s, timeout: 3s }
  phases: { baseline: 20s, fault: 30s }
`
    const loaded = load(`${document}phases: { fault: 10s }\ntags: [own]\n`, defaults)
    assert.ok(loaded.ok)
    const { owner, tags, traffic, phases } = loaded.experiment
    assert.deepEqual([owner, tags, traffic?.rate, traffic?.timeout], ['team-a', ['own'], 50, 3000])
    assert.deepEqual(phases, { warmup: 5000, baseline: 20_000, fault: 10_000, recovery: 60_000 })
    const bare = load(document.replace(', rate: 50/s', ''), defaults)
    assert.equal(bare.ok && bare.experiment.traffic?.rate, 5)
  })

  test('make no traffic where there is none', () => {
    const loaded = load(document.replace(/^traffic.*\n/m, ''), 'defaults: { traffic: { rate: 5/s } }')
    assert.ok(!loaded.ok)
    assert.deepEqual(
      loaded.problems.map(({ code }) => code),
      ['nothing-judged'],
    )
  })

  test('belong to the hash of the experiment', () => {
    const hash = (defaults: string): string => {
      const loaded = load(document, defaults)
      return loaded.ok ? loaded.hash() : ''
    }
    const alone = loadDocumentText(document, 'x.yaml', { catalogue })
    assert.equal(hash(''), alone.ok && alone.hash())
    assert.notEqual(hash('defaults: { owner: a }'), hash(''))
    assert.notEqual(hash('defaults: { owner: a }'), hash('defaults: { owner: b }'))
  })
})

describe('a command in production', () => {
  const load = (environment: string, more = ''): ReturnType<typeof loadDocumentText> => {
    const fault = `  - type: command\n    inject: [./a]\n    rollback: [./b]\n    check: [./c]\n${more}`
    const text = document.replace('staging', environment).replace(/ {2}- type[^]*$/, fault)
    return loadDocumentText(text, 'x.yaml', { catalogue: documentCatalogue })
  }

  test('must say when it ends by itself', () => {
    const loaded = load('production')
    assert.ok(!loaded.ok)
    assert.deepEqual(
      loaded.problems.map(({ code, severity, line, fix }) => [code, severity, line, fix]),
      [['expires-missing', 'error', 6, 'let what inject does end by itself, and say when: expires: after 60s']],
    )
  })

  test('is in order when it does, or elsewhere', () => {
    assert.ok(load('production', '    expires: after 60s\n').ok)
    assert.ok(load('staging').ok)
  })
})
