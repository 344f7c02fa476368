/** What squall init found and why it chose what it chose, for people and for programs. */
import { colour, table } from '../output.ts'
import type { Choice } from './choose.ts'
import type { Docker, Kubernetes } from './platforms.ts'
import type { Project } from './project.ts'
import type { Service } from './services.ts'

export interface Found {
  project: Project
  services: Service[]
  /** Ports of programs that are another user's. */
  foreign: number[]
  docker: Docker | null
  kubernetes: Kubernetes | null
}

/** `found`, then `chose`. */
export function foundLines(found: Found, choice: Choice): string[] {
  const rows = [...serviceRows(found), ...fileRows(found.project), ...platformRows(found)]
  const none = rows.length === 0 ? ['  nothing that listens, and no file that tells of services'] : []
  return [colour('bold', 'found'), ...none, ...indented(rows), '', colour('bold', 'chose'), ...indented(choiceRows(found, choice))]
}

function serviceRows({ services, foreign, project }: Found): string[][] {
  const alone = services.filter(({ leftAlone }) => leftAlone !== undefined)
  const here = services.filter((service) => service.here && service.leftAlone === undefined)
  const elsewhere = services.filter((service) => !service.here && service.leftAlone === undefined)
  const told = ({ name, ports, program, calls }: Service): string =>
    `${name} (${program}) on ${ports.join(', ')}${calls.length > 0 ? `, calls ${calls.map((other) => other.name).join(', ')}` : ''}`
  return [
    ...rowsOf('services', here.map(told)),
    ...rowsOf(project.root === null ? 'others' : 'elsewhere', elsewhere.map(told)),
    ...rowsOf(
      'left alone',
      alone.map(({ program, ports, leftAlone }) => `${program} on ${ports.join(', ')}: ${leftAlone}`),
    ),
    ...rowsOf('not ours', foreign.length > 0 ? [`another user listens on ${foreign.join(', ')}`] : []),
  ]
}

function fileRows({ package: about, compose, projectFile, experiments }: Project): string[][] {
  return [
    ...rowsOf(
      'package',
      about ? [`${about.name ?? 'without a name'}${about.start === undefined ? '' : `, started by npm run ${about.start}`}`] : [],
    ),
    ...rowsOf('compose', compose ? [`${compose.file}: ${compose.services.join(', ') || 'no services'}`] : []),
    ...rowsOf('project', projectFile === undefined ? [] : [`${projectFile} sets limits for each environment`]),
    ...rowsOf('experiments', experiments.length > 0 ? [`${experiments.join(', ')}: there already`] : []),
  ]
}

function platformRows({ docker, kubernetes }: Found): string[][] {
  const containers = docker?.containers
  const inDocker = Array.isArray(containers) ? containersText(containers) : containers?.unknown
  const contexts = kubernetes?.contexts.map((name) => (name === kubernetes.current ? `${name} (current)` : name))
  return [
    ...rowsOf('Docker', inDocker === undefined ? [] : [inDocker]),
    ...rowsOf('Kubernetes', contexts ? [`${contexts.join(', ')}; no cluster was contacted`] : []),
  ]
}

function containersText(names: readonly string[]): string {
  return names.length === 0 ? 'no container runs' : `${names.join(', ')}; squall faults says what can be done to a container`
}

function choiceRows({ project, services }: Found, { url, target, because }: Choice): string[][] {
  if (!target && because.url === '') {
    const start = project.package?.start === undefined ? 'your service' : `it (npm run ${project.package.start})`
    const others = services.some(({ leftAlone }) => leftAlone === undefined)
    return [
      ['nothing', `no service of this folder listens${others ? '; --port or --service names one from elsewhere' : ''}`],
      ['', `Start ${start} and look again, or put in by hand what is marked FILL IN.`],
    ]
  }
  return [
    ['requests', url],
    ['', because.url],
    ['fault', target ? `${target.name} (${target.program}) stands still for five seconds` : 'FILL IN: nothing of yours listens there'],
    ...(target ? [['', because.target]] : []),
  ]
}

/** The label stands before the first only. */
function rowsOf(label: string, texts: readonly string[]): string[][] {
  return texts.map((text, index) => [index === 0 ? label : '', text])
}

function indented(rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : table(rows).replace(/^/gm, '  ').split('\n')
}

/** Services name those they call, instead of holding them. */
export function foundAsJson({ services, project, foreign, docker, kubernetes }: Found): object {
  const named = services.map(({ calls, ...service }) => ({ ...service, calls: calls.map(({ name }) => name) }))
  return { services: named, otherUsersPorts: foreign, project, docker, kubernetes }
}
