/**
 * Every error Squall can end with: a stable code, what it means, what to do, and the exit status.
 * The sentence of one occurrence is given where it is thrown; `docs/errors.md` is generated from this list.
 */
interface CatalogueEntry {
  /** What the code means in general, one sentence. */
  readonly means: string
  /** What a person can do about it. */
  readonly hint: string
  /** Process exit status, `design.md` §4: 2 refused before anything was started, 5 error, 6 something may be left behind. */
  readonly exit: 2 | 5 | 6
}

export const catalogue = {
  'node-too-old': { means: 'Squall needs Node 22.19 or newer.', hint: 'Install a newer Node.', exit: 2 },
  usage: { means: 'The command line is not understood.', hint: 'See squall --help.', exit: 2 },
  'file-not-readable': { means: 'A file that was named cannot be read.', hint: 'Check the path and its permissions.', exit: 2 },
  'file-exists': {
    means: 'A file that would be written is there already.',
    hint: 'Name another file, or replace it with --force.',
    exit: 2,
  },
  'file-not-written': { means: 'A file that was asked for cannot be written.', hint: 'Check the folder and its permissions.', exit: 2 },
  'run-not-found': { means: 'No run with this id is recorded.', hint: 'squall history NAME lists the runs of an experiment.', exit: 2 },
  halted: { means: 'The kill switch is set: no run may start.', hint: 'When it is safe again: squall halt --clear.', exit: 2 },
  'run-ambiguous': { means: 'Several runs begin with the given letters.', hint: 'Give more letters of the id.', exit: 2 },
  'record-missing': { means: 'The record of a run is not there.', hint: 'squall history shows the runs that are kept.', exit: 2 },
  'record-damaged': {
    means: 'The record of a run cannot be read.',
    hint: 'Restore the file from a backup; other runs are not touched by it.',
    exit: 5,
  },
  'record-too-new': { means: 'A record was written by a newer Squall.', hint: 'Update Squall.', exit: 2 },
  'record-busy': { means: 'A record is locked by another process.', hint: 'Try again in a moment.', exit: 5 },
  'record-not-written': {
    means: 'The record of a run cannot be created.',
    hint: 'Check free space and permissions of the state folder (SQUALL_STATE_DIR).',
    exit: 2,
  },
  'report-not-written': { means: 'A report cannot be written.', hint: 'Choose another place with --out FILE.', exit: 5 },
  'index-damaged': { means: 'The index of runs cannot be read.', hint: 'Move the file away: it is made again from the runs.', exit: 5 },
  'run-locked': { means: 'The run has a guardian already.', hint: 'squall rollback RUN asks it to roll back.', exit: 2 },
  'flock-missing': {
    means: 'The program flock, which holds the locks, is not there or does not work.',
    hint: 'Install util-linux.',
    exit: 2,
  },
  'resource-locked': {
    means: 'A part of the world that the fault changes is being changed by another run or another fault of this run.',
    hint: 'Wait for the other run, or end it with squall rollback.',
    exit: 2,
  },
  'fault-not-available': {
    means: 'There is no fault of this type, or not at this place.',
    hint: 'squall faults lists what there is.',
    exit: 2,
  },
  'fault-failed': {
    means: 'A fault could not be injected or did not show its effect.',
    hint: 'What had been changed was rolled back; the sentence above says what went wrong.',
    exit: 5,
  },
  'proxy-unused': {
    means: 'A fault would act at a proxy through which nothing passes: it could change nothing.',
    hint: 'Point the service at the address where the proxy listens; squall plan says which one that is.',
    exit: 5,
  },
  'not-injected': { means: 'A fault was not injected because the run was being stopped.', hint: 'See why the run was stopped.', exit: 5 },
  'module-changed': {
    means: "A fault's own module is not the file that injected it any more.",
    hint: 'Undo by hand what it did, or restore the file and run squall rollback.',
    exit: 6,
  },
  'proxy-address': {
    means: 'A proxy, or the API of squall proxy, cannot listen where it is told to.',
    hint: 'Is another one running there already? Choose another port, or an address of this machine.',
    exit: 2,
  },
  'proxy-config': {
    means: 'The file of --config is not a list of proxies, or one of them cannot be started.',
    hint: 'It is the JSON that POST /populate takes: [{"name": "…", "listen": "…", "upstream": "…", "toxics": []}].',
    exit: 2,
  },
  'proxy-state': {
    means: 'The file of --state is damaged or something else.',
    hint: 'Name another file, or move this one away: it is made again.',
    exit: 2,
  },
  policy: {
    means: 'The policy that the project file has for this environment does not allow the run.',
    hint: 'Change the experiment, or talk to those who answer for squall.yaml.',
    exit: 2,
  },
  'secret-missing': {
    means: 'A secret that a fault or a source names is not set.',
    hint: 'Set the environment variable of that name, or write it into the file that secrets: in squall.yaml names.',
    exit: 2,
  },
  'secret-too-short': {
    means: 'A secret has fewer than four characters: it stands in so many ordinary words that it could not be masked.',
    hint: 'Use a longer one. A value that protects nothing can be written into the document as it is.',
    exit: 2,
  },
  'secret-in-state': {
    means: "A fault's own code put the value of a secret into its state, which is kept on disk.",
    hint: 'Keep the name of the secret in the state, and ask the context for its value when it is needed.',
    exit: 2,
  },
  'secrets-not-trusted': {
    means: 'The file with the secrets can be read by others, or belongs to somebody else.',
    hint: 'It must be yours alone: chmod 600 FILE.',
    exit: 2,
  },
  'proxy-address-taken': {
    means: 'Something else listens where a proxy of the experiment is to listen.',
    hint: 'End it, or let the proxy listen on another port and point your service there.',
    exit: 2,
  },
  'proxy-in-use': {
    means: 'A proxy is to end, and a run holds it.',
    hint: 'Wait for the run, or end it with squall rollback.',
    exit: 2,
  },
  'proxy-not-found': { means: 'No proxy of this name is there.', hint: 'squall proxy list shows those that are.', exit: 2 },
  'proxy-failed': {
    means: 'A proxy did not start, does not answer, or has died.',
    hint: 'squall proxy list shows those that are there; the log of each lies beside its socket.',
    exit: 5,
  },
  'guardian-failed': {
    means: 'The guardian, which makes and undoes every change, did not start or was lost.',
    hint: 'squall doctor checks what it needs; its log lies beside the run.',
    exit: 5,
  },
  'source-not-readable': {
    means: 'A source of measures cannot be read, so the run would be blind.',
    hint: 'Check the address and the query of the source; each problem is named above.',
    exit: 2,
  },
  'traffic-failed': {
    means: 'The load generator could not start or has failed.',
    hint: 'Check the URLs, ok.body and ids of traffic; if they are right, please report it.',
    exit: 5,
  },
  'no-target': {
    means: 'Nothing matches the target of a fault.',
    hint: 'Is it running? squall init - shows what listens here, squall plan FILE what a target resolves to.',
    exit: 2,
  },
  'docker-address': {
    means: 'Where the Docker engine is cannot be told, or Squall has no way there.',
    hint: 'Set DOCKER_HOST to unix:///path or tcp://host:port, or choose another docker context.',
    exit: 2,
  },
  'docker-unreachable': {
    means: 'The Docker engine does not answer.',
    hint: 'Does it run, and may you use its socket? docker ps tells; DOCKER_HOST and docker contexts are honoured.',
    exit: 5,
  },
  'need-not-met': {
    means: 'A fault needs a program, or something of the kernel, that this machine does not have.',
    hint: 'squall plan FILE lists what each fault needs, squall doctor what this machine can do and what to do instead.',
    exit: 2,
  },
  'helper-image': {
    means: 'The image of helper containers cannot be made, brought into the engine or removed.',
    hint: 'It is made from programs of this machine; faults at containers work without it too, as root on the engine’s machine.',
    exit: 2,
  },
  'target-protected': {
    means: 'The target matches only processes that are never a target: pid 1, Squall itself, what started it.',
    hint: 'Narrow the target down, for instance by labels or port.',
    exit: 2,
  },
  'already-stopped': {
    means: 'The process is stopped already, so continuing it would not be ours to do.',
    hint: 'Continue it first (kill -CONT PID), or choose another target.',
    exit: 2,
  },
  'needs-root': { means: 'What is asked for changes what only root may change.', hint: 'Run it as root.', exit: 2 },
  'demo-ended': {
    means: 'The small system of squall demo did not start, or something of it ended by itself.',
    hint: 'The sentence above says what; everything of it has been ended.',
    exit: 5,
  },
  'program-missing': { means: 'A program that a fault needs is not there.', hint: 'Install it, or name it by its path.', exit: 2 },
  'module-not-usable': {
    means: "A fault's own module cannot be loaded as an injector.",
    hint: 'Its default export must have plan, inject, rollback and look; see docs/reference/faults.md.',
    exit: 2,
  },
  'user-code-died': {
    means: "The process that runs a user's own code ended, or was ended at a limit.",
    hint: 'The sentence says how; the code must answer within 30 s, 256 MB and must not end its process.',
    exit: 5,
  },
  'state-not-writable': {
    means: 'The folder with journals and records cannot be written.',
    hint: 'Name a folder of your own with SQUALL_STATE_DIR.',
    exit: 2,
  },
  'state-not-trusted': {
    means: 'The folder with the journals could have been prepared by somebody else.',
    hint: 'Make it a plain folder of your own with mode 0700, or name another one with SQUALL_STATE_DIR.',
    exit: 2,
  },
  'no-permission': { means: 'The target belongs to another user.', hint: 'Run Squall as that user or as root.', exit: 2 },
  'measure-not-recorded': {
    means: 'A run is to be judged by measures whose samples it does not have.',
    hint: 'Take the measure out of the document, or run the experiment with it.',
    exit: 2,
  },
  'run-not-over': { means: 'The run is still going on.', hint: 'Wait for its end; squall show RUN tells.', exit: 2 },
  'toxiproxy-not-usable': {
    means: 'A Toxiproxy server that the document names does not answer, is too old, or refuses what it is asked for.',
    hint: 'Is it running, and is the address that of its API? Its log says more.',
    exit: 2,
  },
  'limit-below-use': {
    means: 'A container uses more memory than the limit that a fault would give it.',
    hint: 'Choose a higher limit; the fault memory fills what there is.',
    exit: 2,
  },
  internal: { means: 'A defect in Squall itself.', hint: 'Please report it with the text above.', exit: 5 },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue

/** An error for people: `code` is stable, `message` is the sentence of this occurrence, `hint` says what to do. */
export class SquallError extends Error {
  override readonly name = 'SquallError'
  readonly code: ErrorCode
  readonly hint: string
  readonly exit: 2 | 5 | 6

  constructor(code: ErrorCode, sentence: string, options: { hint?: string; cause?: unknown } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? catalogue[code].hint
    this.exit = catalogue[code].exit
  }

  /** The same content for `--json` and for the wire. */
  toJSON(): { code: ErrorCode; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint }
  }
}
