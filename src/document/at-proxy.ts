/** Faults at a proxy: the one they name is declared, and what they ask for is possible there. Holds for types that this version lacks, too. */
import type { Checking } from './check-shape.ts'
import type { ProxySpec } from './experiment.ts'
import { asMap, type Path } from './located.ts'
import { quote } from './quantity.ts'
import { checkProxyName } from './resolve-proxies.ts'

/** What happens to packets cannot happen to a stream: losing a part of it would be damage, which TCP promises never to let through. */
const ofPackets = ['loss', 'duplicate', 'reorder', 'corrupt']

/** `fault` as written, at `path`. */
export function checkAtProxy(checking: Checking, fault: Record<string, unknown>, path: Path, proxies: readonly ProxySpec[]): void {
  const name = asMap(fault.target)?.proxy
  if (typeof name !== 'string') return
  const proxy = checkProxyName(checking, name, [...path, 'target', 'proxy'], proxies)
  if (fault.type === 'network')
    for (const key of ofPackets.filter((parameter) => parameter in fault))
      checking.collect.add([...path, key], 'place-impossible', `${key} is of packets, and a proxy passes on a stream`, {
        at: 'key',
        fix: 'possible at: host, container, pod; at a proxy write delay, or how: reset in a partition',
      })
  if (fault.type === 'http' && proxy?.carries === 'bytes')
    checking.collect.add([...path, 'target', 'proxy'], 'place-impossible', `${quote(name)} passes on bytes: it sees no requests`, {
      fix: `declare ${name} with upstream: http://…`,
    })
}
