/** `squall init`: looks around on this machine and writes a first experiment for what it found. Changes and contacts nothing else. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { documentCatalogue } from '../catalogue.ts'
import { loadDocumentText } from '../document/load.ts'
import { formatProblems } from '../document/problem-text.ts'
import { SquallError } from '../errors.ts'
import type { Command } from './context.ts'
import { choose, type Wishes } from './init/choose.ts'
import { firstExperiment } from './init/document.ts'
import { findDocker, findKubernetes } from './init/platforms.ts'
import { type Probed, probe } from './init/probe.ts'
import { readProject } from './init/project.ts'
import { type Found, foundAsJson, foundLines } from './init/said.ts'
import { foreignPorts, listServices, type Service } from './init/services.ts'
import { colour } from './output.ts'
import { schemaFor } from './schema-path.ts'

interface InitOptions extends Wishes {
  probe?: boolean
  force?: boolean
  dryRun?: boolean
}

const init: Command<InitOptions> = async ([place = '.'], options, context) => {
  const { folder, file } = whereTo(place)
  const written = place === '-' || options.dryRun === true ? null : file
  const project = readProject(folder)
  let services = listServices(project.root)
  let probed: Map<number, Probed> | null = null
  if (options.probe) {
    probed = await probe(services.filter((service) => service.leftAlone === undefined && (service.here || isWished(service, options))))
    services = listServices(project.root) // Their answers have shown who is connected to whom.
  }
  const choice = choose(services, probed, options)
  const shownFile = shellWord(relative(process.cwd(), file) || basename(file))
  const text = firstExperiment(choice, {
    file: shownFile,
    schema: schemaFor(file),
    ...togetherCalled(choice.entry?.query.labels?.app ?? project.package?.name),
  })
  const read = loadDocumentText(text, file, { catalogue: documentCatalogue })
  if (!read.ok) {
    context.err(formatProblems(read.problems, { color: false }))
    throw new SquallError('usage', 'the document would not be valid with these choices', {
      hint: 'Choose otherwise with --url, --service or --port.',
    })
  }
  if (written !== null) write(written, text, options.force === true)

  const found: Found = { project, services, foreign: foreignPorts(services), docker: await findDocker(), kubernetes: findKubernetes() }
  const next = nextCommands(shownFile, !text.includes('FILL IN'))
  if (context.json) {
    const chose = { url: choice.url, target: choice.target?.query ?? null, service: choice.target?.name ?? null, because: choice.because }
    context.out(JSON.stringify({ schema: 'squall.init/1', file: written, found: foundAsJson(found), chose, document: text, next }, null, 2))
    return 0
  }
  // The document is what was asked for when nothing is written: then everything else goes to stderr.
  const say = written === null ? context.err : context.out
  if (written === null) context.out(text)
  say(foundLines(found, choice).join('\n'))
  if (written !== null) say(`\n${colour('bold', 'wrote')} ${written}`)
  say(`\n${colour('bold', 'next')}\n${next.map(({ command, says }) => `  ${command}\n    ${says}`).join('\n')}`)
  return 0
}
export default init

/** The folder that is looked at, and the file that would be written. */
function whereTo(place: string): { folder: string; file: string } {
  const path = resolve(place === '-' ? '.' : place)
  if (isFolder(path)) return { folder: path, file: join(path, 'first-experiment.yaml') }
  if (!/\.ya?ml$/.test(path))
    throw new SquallError('usage', `${place}: there is no such folder, and a document is called .yaml`, {
      hint: 'squall init [FOLDER | FILE.yaml | -]',
    })
  return { folder: isFolder(dirname(path)) ? dirname(path) : process.cwd(), file: path }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function isWished({ ports, name }: Service, { port, service }: Wishes): boolean {
  return port === undefined ? name === service : ports.includes(port)
}

function togetherCalled(service: string | undefined): { service?: string } {
  return service === undefined ? {} : { service }
}

function write(file: string, text: string, force: boolean): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new SquallError('file-exists', `${file} is there already`)
    throw new SquallError('file-not-written', `${file} cannot be written (${code ?? message})`)
  }
}

/** As it must be typed. */
function shellWord(path: string): string {
  return /^[\w./+@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

function nextCommands(file: string, complete: boolean): { command: string; says: string }[] {
  return [
    complete
      ? { command: `squall validate ${file}`, says: 'after each change: every error with its line and a fix' }
      : { command: `$EDITOR ${file}`, says: 'put in what is marked FILL IN; squall validate checks it' },
    { command: `squall plan ${file}`, says: 'what would be done, and how it is undone; changes nothing' },
    { command: `squall run ${file}`, says: 'the experiment, about a minute; Ctrl-C puts everything back' },
  ]
}
