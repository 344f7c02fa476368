/** All commands in one table. Each one's module is loaded only when it is called, so that starting stays fast. */
import type { Command } from './context.ts'
import { anyPort, anySeed, httpUrl, limit, port, repeated, seed, variable } from './option-values.ts'

export interface OptionEntry {
  /** As commander reads it: `--limit <n>`. */
  flags: string
  says: string
  /** Turns the text into its value; throws SquallError `usage`. Gets the value so far, for options that may be repeated. */
  read?: (text: string, before: never) => unknown
}

export interface CommandEntry {
  name: string
  group: 'Experiments' | 'Safety' | 'Other'
  says: string
  /** `<needed>`, `[optional]`, `[any...]`. */
  arguments?: readonly (readonly [name: string, says: string])[]
  options?: readonly OptionEntry[]
  examples: readonly string[]
  /** It changes nothing: when nobody reads its output any more, it ends quietly. */
  reads: boolean
  load(): Promise<{ default: Command }>
}

const file = ['<file>', 'the experiment: .yaml, .json or .ts'] as const
const run = ['[run]', 'id of a run, its first letters, or last; the last one when left out'] as const
const vars: OptionEntry = { flags: '--var <name=value>', says: 'set a variable of the document (may be repeated)', read: variable }

const noGithub: OptionEntry = { flags: '--no-github', says: 'in GitHub Actions: no annotations, no summary of the job' }

/** Which `squall.yaml` holds. */
const project: readonly OptionEntry[] = [
  { flags: '--project <file>', says: 'the project file; default: squall.yaml in a folder above the document' },
  { flags: '--no-project', says: 'without the policy, the defaults and the secrets of a project file' },
]

export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    group: 'Experiments',
    says: 'look around and write a first experiment; changes nothing else',
    arguments: [['[place]', 'folder to look at, or the file to write (.yaml); - prints the document; default: this folder']],
    options: [
      { flags: '--url <url>', says: 'the page that is asked for', read: httpUrl },
      { flags: '--service <name>', says: 'what stands still, by its name' },
      { flags: '--port <n>', says: 'what stands still, by the port on which it listens', read: port },
      { flags: '--probe', says: "ask this folder's services, once and by loopback, which page they answer" },
      { flags: '--force', says: 'replace the file when it is there already' },
      { flags: '--dry-run', says: 'print the document and write nothing' },
    ],
    examples: [
      'squall init',
      'squall init --probe',
      'squall init --url http://127.0.0.1:3000/products --service search',
      'squall init - > first.yaml',
    ],
    reads: false,
    load: () => import('./init.ts'),
  },
  {
    name: 'validate',
    group: 'Experiments',
    says: 'check an experiment and show every error with its line',
    arguments: [['<file...>', 'experiments: .yaml, .json or .ts; a folder means those in it, - what is piped in']],
    options: [{ ...vars, read: repeated }, ...project, noGithub],
    examples: ['squall validate checkout.yaml', 'squall validate experiments/', 'generate | squall validate -'],
    reads: true,
    load: () => import('./validate.ts'),
  },
  {
    name: 'plan',
    group: 'Experiments',
    says: 'show targets, each change and how it is undone; changes nothing',
    arguments: [file],
    options: [vars, ...project, { flags: '--seed <n>', says: 'make the random choices that a run with this seed makes', read: seed }],
    examples: ['squall plan checkout.yaml'],
    reads: true,
    load: () => import('./plan.ts'),
  },
  {
    name: 'run',
    group: 'Experiments',
    says: 'run an experiment, roll everything back, say what was found',
    arguments: [file],
    options: [
      vars,
      ...project,
      { flags: '--seed <n>', says: 'repeat the random choices of an earlier run', read: seed },
      { flags: '--placebo', says: 'inject nothing: see how often the verdict is a false alarm' },
      { flags: '--out <dir>', says: 'also write the reports (html, md, JUnit xml) and the data (json) into this folder' },
      noGithub,
    ],
    examples: ['squall run checkout.yaml', 'squall run checkout.yaml --var rate=100/s --json'],
    reads: false,
    load: () => import('./run.ts'),
  },
  {
    name: 'judge',
    group: 'Experiments',
    says: 'judge the stored samples of a run once more',
    arguments: [run],
    options: [
      { flags: '--with <file>', says: 'by the bounds of this document instead; nothing is run or overwritten' },
      vars,
      { flags: '--save', says: 'keep this verdict in place of the stored one' },
    ],
    examples: ['squall judge 20261123', 'squall judge 20261123 --with stricter.yaml'],
    reads: true,
    load: () => import('./judge.ts'),
  },
  {
    name: 'history',
    group: 'Experiments',
    says: 'list the runs of an experiment, newest first',
    arguments: [['[name]', 'exact name of the experiment; all when left out']],
    options: [{ flags: '--limit <n>', says: 'how many runs (default 20)', read: limit }],
    examples: ['squall history checkout --limit 5'],
    reads: true,
    load: () => import('./history.ts'),
  },
  {
    name: 'show',
    group: 'Experiments',
    says: 'show one run: verdict, measures, faults, rollback',
    arguments: [run],
    examples: ['squall show 20261123'],
    reads: true,
    load: () => import('./show.ts'),
  },
  {
    name: 'report',
    group: 'Experiments',
    says: 'hand on what was found: as a page, Markdown, JUnit XML or JSON',
    arguments: [['[run...]', 'ids of runs, their first letters, or last; the last one when left out']],
    options: [
      { flags: '-f, --format <html|md|junit|json>', says: 'html (default), md for issues and pull requests, junit for CI, json' },
      { flags: '-o, --out <file>', says: 'where to write it; - is stdout, where all but html go by themselves' },
    ],
    examples: ['squall report 20261123 --out checkout.html', 'squall report last --format md | gh pr comment --body-file -'],
    reads: true,
    load: () => import('./report.ts'),
  },
  {
    name: 'compare',
    group: 'Experiments',
    says: 'two runs side by side, and which differences are more than chance',
    arguments: [
      ['<a>', 'id of a run, its first letters, or last'],
      ['<b>', 'the run to compare with it'],
    ],
    options: [{ flags: '-f, --format <text|md>', says: 'text (default), or md for pull requests' }],
    examples: ['squall compare 20261123 last'],
    reads: true,
    load: () => import('./compare.ts'),
  },
  {
    name: 'export',
    group: 'Experiments',
    says: 'print a run with all its samples as JSON',
    arguments: [run],
    examples: ['squall export 20261123 > run.json'],
    reads: true,
    load: () => import('./export.ts'),
  },
  {
    name: 'rollback',
    group: 'Safety',
    says: 'finish what is left of a run, or of all runs',
    arguments: [['[run]', 'id of a run; all when left out']],
    examples: ['squall rollback'],
    reads: false,
    load: () => import('./rollback.ts'),
  },
  {
    name: 'halt',
    group: 'Safety',
    says: 'the kill switch: roll back every run now and block new ones',
    options: [{ flags: '--clear', says: 'allow runs again' }],
    examples: ['squall halt', 'squall halt --clear'],
    reads: false,
    load: () => import('./halt.ts'),
  },
  {
    name: 'doctor',
    group: 'Safety',
    says: 'what this machine can do, and why not',
    options: project,
    examples: ['squall doctor'],
    reads: true,
    load: () => import('./doctor.ts'),
  },
  {
    name: 'proxy',
    group: 'Other',
    says: "a fault proxy that Toxiproxy's clients drive as theirs; flags as there, with one dash or two",
    arguments: [
      ['[list|stop]', 'nothing: serve until SIGINT or SIGTERM; list, stop: the proxies that runs have left in the path of services'],
      ['[proxy...]', 'names or addresses of those to stop'],
    ],
    options: [
      { flags: '--host <address>', says: 'where the API listens (default 127.0.0.1)' },
      { flags: '--port <n>', says: 'its port; 0 takes a free one (default 8474)', read: anyPort },
      { flags: '--config <file>', says: 'JSON with proxies to begin with, their toxics included' },
      { flags: '--state <file>', says: 'keep proxies and toxics in this file, over restarts' },
      { flags: '--seed <n>', says: 'the same toxicity and jitter again', read: anySeed },
      { flags: '--allow-host <name>', says: 'a name under which the API may be called (may be repeated)', read: repeated },
      { flags: '--proxy-metrics', says: 'bytes of each proxy at /metrics' },
      { flags: '--runtime-metrics', says: 'what this process needs, at /metrics' },
      { flags: '--server-version', says: 'print the version of Toxiproxy that is spoken (also: -version)' },
      { flags: '--all', says: 'stop: all proxies that runs have left' },
    ],
    examples: [
      'squall proxy',
      'squall proxy list',
      'squall proxy stop payments',
      'squall proxy --config toxiproxy.json --state proxies.json',
      'LOG_LEVEL=info squall proxy -host 0.0.0.0 -seed 7',
    ],
    reads: false,
    load: () => import('./proxy.ts'),
  },
  {
    name: 'faults',
    group: 'Other',
    says: 'list the faults and where each is possible',
    arguments: [['[type]', 'show one fault with its parameters']],
    examples: ['squall faults', 'squall faults cpu'],
    reads: true,
    load: () => import('./faults.ts'),
  },
  {
    name: 'helper-image',
    group: 'Other',
    says: 'make the image of helper containers and bring it into the Docker engine',
    options: [{ flags: '--remove', says: 'remove all images of helpers instead' }],
    examples: ['squall helper-image', 'DOCKER_HOST=tcp://10.0.0.5:2376 squall helper-image', 'squall helper-image --remove'],
    reads: false,
    load: () => import('./helper-image.ts'),
  },
  {
    name: 'demo',
    group: 'Other',
    says: 'start the small system of a scenario, to run its experiment against it',
    arguments: [['[name]', 'which of the scenarios; without it they are listed']],
    options: [
      { flags: '--weak', says: 'the form in which the experiment finds something (the default)' },
      { flags: '--survives', says: 'the form that withstands the fault' },
      { flags: '--port <n>', says: 'the first of its ports; default: as in its document', read: port },
      { flags: '--copy <folder>', says: 'start nothing: write its document and its page there, as a beginning for your own' },
    ],
    examples: [
      'squall demo',
      'squall demo circuit-breaker',
      'squall demo circuit-breaker --survives',
      'squall demo fill-disk --copy experiments/',
    ],
    reads: false,
    load: () => import('./demo.ts'),
  },
  {
    name: 'completion',
    group: 'Other',
    says: 'print the completion of commands, options and runs for a shell',
    arguments: [['<bash|zsh|fish>', 'the shell that is to read it']],
    examples: [
      'source <(squall completion bash)                                   for this bash; in ~/.bashrc: for each',
      'squall completion zsh > "${fpath[1]}/_squall"                      zsh, from the next start on',
      'squall completion fish > ~/.config/fish/completions/squall.fish    fish',
    ],
    reads: true,
    load: () => import('./completion.ts'),
  },
]
