/** The TCP sockets of this network namespace, as the kernel lists them, and the processes that hold them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { endianness } from 'node:os'
import { listPids } from './proc.ts'

export interface TcpSocket {
  state: 'listening' | 'connected'
  localPort: number
  /** Where it can be reached, for a listening one: `any` address, this machine only, or another single address. */
  reach: 'any' | 'loopback' | 'other'
  /** True for an address `::…`. */
  v6: boolean
  /** Of the other end, as people write it. */
  remoteAddress: string
  /** 0 for a listening one. */
  remotePort: number
  /** The other end is this machine, by a loopback address. */
  remoteIsLocal: boolean
  inode: string
}

/** Listening and connected sockets, IPv4 and IPv6; empty where the system has no such list. */
export function tcpSockets(): TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap((name) => {
    let text: string
    try {
      text = readFileSync(`/proc/net/${name}`, 'latin1')
    } catch {
      return []
    }
    return parseTcpTable(text)
  })
}

const states: Record<string, TcpSocket['state']> = { '01': 'connected', '0A': 'listening' }

/** Lines of /proc/net/tcp or tcp6; sockets in other states are left out. */
export function parseTcpTable(text: string): TcpSocket[] {
  return text.split('\n').flatMap((line): TcpSocket[] => {
    const [, local = '', remote = '', code = '', , , , , , inode = ''] = line.trim().split(/\s+/)
    const state = states[code]
    if (!state) return []
    const [address = '', localPort = ''] = local.split(':')
    const [remoteAddress = '', remotePort = ''] = remote.split(':')
    return [
      {
        state,
        localPort: Number.parseInt(localPort, 16),
        reach: /^0+$/.test(address) ? 'any' : isLoopback(address) ? 'loopback' : 'other',
        v6: address.length > 8,
        remoteAddress: addressText(remoteAddress),
        remotePort: Number.parseInt(remotePort, 16),
        remoteIsLocal: isLoopback(remoteAddress),
        inode,
      },
    ]
  })
}

/** Addresses stand as 32-bit words in the byte order of the machine: 127.0.0.1 is `0100007F` on a little-endian one. */
function isLoopback(hex: string): boolean {
  const first = (word: string): string => (endianness() === 'LE' ? word.slice(-2) : word.slice(0, 2))
  if (hex.length === 8) return first(hex) === '7F'
  return /^0{24}(?:01000000|00000001)$/.test(hex) || (/^0{16}(?:FFFF0000|0000FFFF)/.test(hex) && first(hex) === '7F')
}

/** IPv4 written as IPv6 is told as IPv4. */
function addressText(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const four = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
    return endianness() === 'LE' ? four.toReversed() : four
  })
  if (bytes.length === 4) return bytes.join('.')
  if (/^0{16}(?:FFFF0000|0000FFFF)/.test(hex)) return bytes.slice(12).join('.')
  return Array.from({ length: 8 }, (_, n) => (((bytes[2 * n] ?? 0) << 8) | (bytes[2 * n + 1] ?? 0)).toString(16)).join(':')
}

/** pids that hold each of these sockets; several after a fork. What is not ours to read is left out. */
export function socketHolders(inodes: ReadonlySet<string>): Map<string, number[]> {
  const holders = new Map<string, number[]>()
  if (inodes.size === 0) return holders
  for (const pid of listPids()) {
    for (const inode of socketsOf(pid)) if (inodes.has(inode)) holders.set(inode, [...(holders.get(inode) ?? []), pid])
  }
  return holders
}

function socketsOf(pid: number): Set<string> {
  let descriptors: string[]
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return new Set()
  }
  const found = descriptors.flatMap((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? []
    } catch {
      return []
    }
  })
  return new Set(found)
}

/** pids that listen on a TCP port, over all addresses, IPv4 and IPv6, of this network namespace. */
export function pidsListeningOn(port: number): number[] {
  const listening = tcpSockets().filter(({ state, localPort }) => state === 'listening' && localPort === port)
  const holders = socketHolders(new Set(listening.map(({ inode }) => inode)))
  return [...new Set([...holders.values()].flat())]
}
