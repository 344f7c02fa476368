/** Answers in place of DNS servers until its time is over: `dns-responder TASK MS`. Says `ready` once questions come here. Keeps its own table alive. */
import { type Rule, responder } from '../faults/dns/respond.ts'
import { serve } from '../faults/dns/serve.ts'
import { dropTable, makeTable, renewLease } from '../faults/dns/table.ts'
import { type Command, commandText } from '../faults/packets/command.ts'
import { tryCommand } from '../faults/packets/run.ts'
import { endProcess } from '../system/exit.ts'

const [task, lasts] = process.argv.slice(2)
const { table, servers, rule } = JSON.parse(task as string) as { table: string; servers: string[]; rule: Rule }
// The table first: nobody may be led to a port where nobody answers.
setTimeout(() => void run(dropTable(table)).finally(() => endProcess(0)), Number(lasts))
process.stdout.on('error', () => {}) // Whoever started it may be gone.

/** Carries our mark: whoever ends us ends it too. */
async function run(command: Command): Promise<string | null> {
  const { SQUALL_MARK: mark } = process.env
  const ran = await tryCommand(command, null, mark === undefined ? {} : { mark })
  return ran.ok ? null : `${commandText({ argv: command.argv })}: ${ran.why}`
}

async function renew(): Promise<void> {
  // The table is gone: we are being undone. Or nft could not be started now: there is time for another try.
  const failed = await run(renewLease(table))
  if (failed?.includes('No such file')) endProcess(0)
  setTimeout(() => void renew(), 1_000)
}

const respond = responder(rule)
const leads = await Promise.all(servers.map(async (server) => ({ server, port: await serve(server, respond) })))
const failed = (await run(makeTable(table, leads))) ?? (await run(renewLease(table)))
if (failed) process.stderr.write(failed, () => endProcess(1))
else {
  setTimeout(() => void renew(), 1_000)
  process.stdout.write('ready\n')
}
