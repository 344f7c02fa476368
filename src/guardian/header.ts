/** The first record of a journal: whose run it is, on which machine, until when. */
import { wallMs } from '../system/clock.ts'
import { readStat } from '../system/proc.ts'
import { version } from '../system/version.ts'
import { ownIdentity } from './identity.ts'
import type { JournalHeader } from './journal.ts'
import type { ArmRequest, ProcessId } from './protocol.ts'

/** Written at arm; `deadlineBoot` is ms since boot. */
export function headerOf(request: ArmRequest, deadlineBoot: number): JournalHeader {
  return {
    is: 'header',
    format: 1,
    version,
    run: request.run,
    experiment: request.experiment,
    documentHash: request.documentHash,
    folder: request.folder,
    uid: process.getuid?.() ?? -1,
    identity: ownIdentity(),
    runner: request.runner,
    guardian: self(),
    deadlineBoot,
    deadlineWall: wallMs() + request.maxDuration,
    ...(request.secretsFile === undefined ? {} : { secretsFile: request.secretsFile }),
  }
}

/** This process. */
export function self(): ProcessId {
  return { pid: process.pid, start: readStat(process.pid)?.start ?? 0 }
}
