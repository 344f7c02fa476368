/** Which DNS servers a program asks, by its resolv.conf; pinned when the fault is planned. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { SquallError } from '../../errors.ts'

/** @throws SquallError `no-target` when the file names none */
export function serversIn(path: string, shown: string): string[] {
  const found = read(path)
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
    // A zone (`fe80::1%eth0`) cannot be written into a packet's address.
    .filter((address) => isIP(address) && !address.includes('%'))
  if (found.length > 0) return [...new Set(found)].slice(0, 3) // More are never asked.
  throw new SquallError('no-target', `${shown} names no DNS server`, { hint: 'Say with servers which ones are asked.' })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
