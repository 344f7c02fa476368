/** `squall proxy list`: the proxies that runs have left, what they do and who holds them. */
import { type ListedProxy, listProxies } from '../proxy/life/list.ts'
import { duration } from '../report/words.ts'
import { wallMs } from '../system/clock.ts'
import { stateDir } from '../system/paths.ts'
import type { Command } from './context.ts'
import { colour, table } from './output.ts'

const proxyList: Command = async (_args, _options, context) => {
  const proxies = await listProxies(stateDir())
  if (context.json) context.out(JSON.stringify({ schema: 'squall.proxies/1', proxies: proxies.map(jsonRow) }, null, 2))
  else if (proxies.length === 0) context.err('no proxy is there; a run starts those that its document declares')
  else {
    const head = ['proxy', 'listens', 'passes on to', 'pid', 'age', 'open', 'used', 'faults', 'held by']
    context.out(table(proxies.map(row), { head }))
  }
  return 0
}
export default proxyList

function row({ entry, status, holders }: ListedProxy): string[] {
  const { name, listen, upstream, pid } = entry
  const place = [name, listen, upstream, String(pid)]
  if (!status) return [...place, colour('red', 'does not answer'), '', '', '', holders.join(', ')]
  const { startedAt, usedAt, connections, faults } = status
  return [
    ...place,
    ago(startedAt),
    String(connections.open),
    usedAt === null ? 'never' : `${ago(usedAt)} ago`,
    faults.length === 0 ? 'none' : faults.map(({ fault }) => fault.id).join(', '),
    holders.length === 0 ? 'nobody' : holders.join(', '),
  ]
}

function ago(at: number): string {
  return duration(Math.max(0, Math.round((wallMs() - at) / 1000) * 1000))
}

function jsonRow({ entry, status, holders }: ListedProxy): Record<string, unknown> {
  const { name, listen, upstream, carries, pid, startedBy, version } = entry
  // Not what exactly the faults do: a rule may carry what its run keeps secret.
  const faults = status?.faults.map(({ fault, holder, acted, achieved }) => ({ id: fault.id, is: fault.is, holder, acted, achieved }))
  const seen = status ? { ...status, faults } : null
  return { name, listen, upstream, carries, pid, version, startedBy, holders, answers: seen !== null, status: seen }
}
