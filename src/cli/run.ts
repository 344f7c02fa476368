/** `squall run FILE`: the experiment from beginning to end, and what was found. */
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { injectors, sources } from '../catalogue.ts'
import { SquallError } from '../errors.ts'
import { unsettledStates } from '../guardian/protocol.ts'
import { readRun } from '../records/read-run.ts'
import type { Abort } from '../records/run-data.ts'
import { exportRun } from '../report/export.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderSummary } from '../report/summary.ts'
import type { RunNews } from '../run/events.ts'
import { runExperiment } from '../run/run.ts'
import { monotonicMs } from '../system/clock.ts'
import { endProcess } from '../system/exit.ts'
import { randomSeed } from '../system/random.ts'
import { openSecrets } from '../system/secrets.ts'
import { onStopRequest, type StopReason } from '../system/signals.ts'
import { nonBlockingWriter } from '../system/terminal.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Command, CommandContext } from './context.ts'
import { readDocument } from './document.ts'
import { type GithubOption, tellGithub } from './github.ts'
import { finishLeftovers } from './housekeeping.ts'
import type { ProjectOptions } from './project.ts'
import { runLines } from './run-lines.ts'
import { liveView } from './run-live.ts'

interface RunOptions extends GithubOption, ProjectOptions {
  var?: Record<string, string>
  seed?: number
  placebo?: boolean
  out?: string
}

const run: Command<RunOptions> = async ([file], options, context) => {
  const loaded = await readDocument(file as string, options.var ?? {}, context, options)
  if (!loaded) return 2
  if (options.out) makeOut(options.out)
  await finishLeftovers(context)
  const view = createView(context)
  const leftovers = watchLeftovers()
  try {
    const result = await runExperiment({
      experiment: loaded.experiment,
      hash: loaded.hash(),
      document: loaded.text,
      folder: loaded.folder,
      seed: options.seed ?? randomSeed(),
      ...(options.placebo ? { placebo: true } : {}),
      injectors,
      sources,
      secrets: openSecrets(loaded.project?.secretsFile),
      policy: loaded.policy,
      tell(news) {
        leftovers.see(news)
        view.tell(news)
      },
      onStoppable: (stop) => stopOnSignals(stop, view, leftovers),
    })
    view.end()
    const stored = readRun<Verdict>(result.dir)
    if (options.out) writeOut(options.out, stored)
    if (context.json)
      view.data(JSON.stringify({ schema: 'squall.result/1', id: result.id, exit: result.exit, verdict: result.verdict }, null, 2))
    else
      view.data(
        `\n${renderSummary(stored, { color: process.stdout.isTTY === true && !process.env.NO_COLOR })}\nreport: ${reportPlace(result.id, options.out)}`,
      )
    await tellGithub(stored, file as string, options, view.say)
    await view.close()
    return result.exit
  } catch (error) {
    view.end()
    await view.close()
    throw error
  }
}
export default run

interface View {
  tell(news: RunNews): void
  /** A line for people. */
  say(text: string): void
  /** What was asked for: stdout. */
  data(text: string): void
  end(): void
  close(): Promise<void>
  /** Told when nobody reads any more. */
  onGone(listener: (error: Error) => void): void
}

/** On a terminal a live view; else plain lines. With `--json` the lines go to stderr, and stdout holds the one document. */
function createView(context: CommandContext): View {
  const listeners: ((error: Error) => void)[] = []
  const gone = (error: Error): void => listeners.forEach((listener) => listener(error))
  const stdout = nonBlockingWriter(1, gone)
  const stderr = nonBlockingWriter(2, gone)
  const lines = runLines()
  const people = context.json ? stderr : stdout
  const zero = monotonicMs()
  const live =
    process.stdout.isTTY && !context.json && process.env.TERM !== 'dumb' && !process.env.CI
      ? liveView(
          stdout,
          () => monotonicMs() - zero,
          () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
        )
      : null
  return {
    tell: (news) => (live ? live.tell(news) : lines.of(news).forEach((line) => people.line(line))),
    say: (text) => people.line(text),
    data: (text) => stdout.line(text),
    end: () => live?.end(),
    async close() {
      await Promise.all([stdout.drain(2_000), stderr.drain(2_000)])
      stdout.close()
      stderr.close()
    },
    onGone: (listener) => void listeners.push(listener),
  }
}

/**
 * First signal, lost terminal or defect: stop and roll back. Second Ctrl-C: the terminal returns, the guardian goes on alone.
 */
function stopOnSignals(stop: (abort: Omit<Abort, 'at'>) => boolean, view: View, leftovers: Leftovers): () => void {
  const ask = (why: string): boolean => stop({ by: 'operator', why, breached: false })
  view.onGone((error) => void ask(`nobody reads the output any more (${error.message})`))
  return onStopRequest((reason: StopReason, error) => {
    if (error) view.say(`defect: ${(error as Error).stack ?? String(error)}`)
    if (ask(reasonWords[reason])) return
    if (reason !== 'SIGINT') return
    const any = leftovers.any()
    view.say(
      any
        ? '\nnot finished: the guardian goes on rolling back by itself; squall rollback shows how it ended'
        : '\neverything is rolled back; the guardian closes the record',
    )
    setTimeout(() => endProcess(any ? 6 : 4), 50)
  })
}

/** Knows from the news whether a change may still be there. */
interface Leftovers {
  see(news: RunNews): void
  any(): boolean
}

function watchLeftovers(): Leftovers {
  const open = new Set<string>()
  return {
    see(news) {
      if (news.is !== 'change') return
      const { fault, target, state } = news.change
      if (state !== 'planned' && unsettledStates.has(state)) open.add(`${fault} ${target}`)
      else open.delete(`${fault} ${target}`)
    },
    any: () => open.size > 0,
  }
}

const reasonWords: Record<StopReason, string> = {
  SIGINT: 'stopped by Ctrl-C',
  SIGTERM: 'stopped by SIGTERM',
  SIGHUP: 'the terminal was closed',
  SIGTSTP: 'stopped by Ctrl-Z',
  uncaughtException: 'stopped by a defect in Squall',
  unhandledRejection: 'stopped by a defect in Squall',
}

/** Before anything is started: a verdict must not be lost for a folder that cannot be made. */
function makeOut(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SquallError('usage', `--out ${folder}: no folder that can be written (${code ?? message})`, { hint: 'Name another folder.' })
  }
}

/** Where the report lies, or the command that makes it. */
function reportPlace(id: string, folder: string | undefined): string {
  return folder === undefined ? `squall report ${id}` : join(folder, `${id}.html`)
}

function writeOut(folder: string, stored: ReturnType<typeof readRun<Verdict>>): void {
  writeFileSync(join(folder, `${stored.id}.html`), renderHtml(stored))
  writeFileSync(join(folder, `${stored.id}.md`), renderMarkdown([stored]))
  writeFileSync(join(folder, `${stored.id}.xml`), renderJunit([stored]))
  writeFileSync(join(folder, `${stored.id}.json`), exportRun(stored))
}
