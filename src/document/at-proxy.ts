/** Faults at a proxy: the one they name is declared, and what they ask for is possible there. Holds for types that this version lacks, too. */
import type { Checking } from './check-shape.ts'
import type { ProxySpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { quote } from './quantity.ts'
import { checkProxyName } from './resolve-proxies.ts'

/** What happens to packets cannot happen to a stream: losing a part of it would be damage, which TCP promises never to let through. */
const ofPackets = ['loss', 'duplicate', 'reorder', 'corrupt']

/** `fault` as written, at `path`. Gives back the parameters of which everything has been said. */
export function checkAtProxy(checking: Checking, fault: Record<string, unknown>, path: Path, proxies: readonly ProxySpec[]): string[] {
  const name = asMap(fault.target)?.proxy
  if (typeof name !== 'string') return []
  const proxy = checkProxyName(checking, name, [...path, 'target', 'proxy'], proxies)
  const impossible = fault.type === 'network' ? ofPackets.filter((parameter) => parameter in fault) : []
  for (const key of impossible)
    checking.collect.add([...path, key], 'place-impossible', `${key} is of packets, and a proxy passes on a stream`, {
      at: 'key',
      fix: 'possible at: host, container, pod; at a proxy write delay, or how: reset in a partition',
    })
  if (proxy && 'toxiproxy' in proxy) checkAtToxiproxy(checking, fault, path)
  if (fault.type === 'http' && proxy?.carries === 'bytes')
    checking.collect.add([...path, 'target', 'proxy'], 'place-impossible', `${quote(name)} passes on bytes: it sees no requests`, {
      fix:
        'toxiproxy' in proxy ? 'declare a proxy of our own, with listen and upstream: http://…' : `declare ${name} with upstream: http://…`,
    })
  return impossible
}

/** What a Toxiproxy server has nothing for. */
function checkAtToxiproxy({ collect }: Checking, fault: Record<string, unknown>, path: Path): void {
  const { type, how = 'drop', distribution, cut, cut_by: cutBy } = fault
  const refuse = (key: string, message: string, fix: string): void =>
    collect.add(key in fault ? [...path, key] : [...path, 'target', 'proxy'], 'place-impossible', message, {
      fix: `${fix}, or declare a proxy of our own`,
    })
  if (type === 'network' && distribution === 'normal')
    refuse('distribution', 'Toxiproxy varies a delay uniformly only', 'remove distribution')
  if (type === 'network' && cut !== undefined && cutBy !== 'close')
    refuse('cut', 'Toxiproxy cannot reset a connection after a number of bytes', 'write cut_by: close too')
  if (type === 'partition' && (how === 'drop' || how === 'hang'))
    refuse('how', 'Toxiproxy cannot let connecting time out', 'write how: stall, refuse, reset or close')
}
