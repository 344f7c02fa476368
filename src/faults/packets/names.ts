/** Names and numbers of everything that a fault puts into the kernel, from its mark alone: whoever has the mark finds it again. */
import { createHash } from 'node:crypto'

export interface PacketNames {
  /** Of nft, in the families inet and netdev. */
  table: string
  /** Of an interface of ours; 15 characters at most. */
  link: string
  /** First of 16 handles of queueing disciplines in a row: 0x5100 and above. */
  handle: number
  /** Order among the filters of an interface, of IPv4; that of IPv6 comes next. */
  pref: number
}

export function packetNames(mark: string): PacketNames {
  const hash = createHash('sha256').update(mark).digest()
  const number = hash.readUInt16BE(0)
  return {
    table: `squall_${hash.toString('hex', 0, 8)}`,
    link: `sq${hash.toString('hex', 0, 5)}`,
    handle: 0x5100 + (number & 0xf) * 16,
    pref: 0x5100 + (number & 0x7ff) * 2,
  }
}

/** As tc writes it: `5150:`, or with a class `5150:1`. */
export function handleText(major: number, minor?: number): string {
  return `${major.toString(16)}:${minor === undefined ? '' : minor.toString(16)}`
}
