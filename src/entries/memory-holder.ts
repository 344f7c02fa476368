/**
 * Keeps memory in use: `memory-holder TASK MS`. Takes it in steps, each only while more than the reserve stays, gives back what others need,
 * and touches all of it each second so that it is not swapped out. Says `ready` once it has what it was told to take.
 */
import { endProcess } from '../system/exit.ts'
import { machineMemory, readMemory, residentBytes } from '../system/memory.ts'
import { aliveSame } from '../system/proc.ts'

interface Task {
  bytes: number
  /** Bytes that stay available in its cgroup, and in the machine. */
  reserve: number
  machineReserve: number
  /** Its end is ours too. */
  owner?: { pid: number; start: number }
}

const [task, lasts] = process.argv.slice(2)
const { bytes, reserve, machineReserve, owner } = JSON.parse(task as string) as Task
setTimeout(() => endProcess(0), Number(lasts))
if (owner) setInterval(() => aliveSame(owner.pid, owner.start) ?? endProcess(0), 50)
process.stdout.on('error', () => {}) // Whoever started it may be gone.

const mega = 1024 ** 2
const step = 32 * mega
const blockSize = 1024 * mega
const page = 4096
/** Each can shrink again, and gives back at once. */
const blocks: ArrayBuffer[] = []

function grow(more: number): void {
  const last = blocks.at(-1)
  const block = last && last.byteLength < blockSize ? last : new ArrayBuffer(0, { maxByteLength: blockSize })
  if (block !== last) blocks.push(block)
  const from = block.byteLength
  block.resize(Math.min(blockSize, from + more))
  touch(new Uint8Array(block, from))
}

/** Bytes beyond the reserves, of its cgroup and of the machine; negative when others need some. */
function spare(): number {
  return Math.min(readMemory().available - reserve, machineMemory().available - machineReserve)
}

function shrink(less: number): void {
  for (let left = less; left > 0 && blocks.length > 0; ) {
    const block = blocks.at(-1) as ArrayBuffer
    const cut = Math.min(left, block.byteLength)
    block.resize(block.byteLength - cut)
    left -= cut
    if (block.byteLength === 0) blocks.pop()
  }
}

/** Never the same from page to page: what is alike can be merged or packed. */
function touch(view: Uint8Array): void {
  for (let at = 0; at < view.length; at += page) {
    view[at] = (view[at] as number) + 1
    view[at + 8] = (at / page) & 0xff
    view[at + 9] = (at / page) >> 8
  }
}

async function take(): Promise<string | null> {
  for (;;) {
    const missing = bytes - (residentBytes('self') ?? 0)
    if (missing < page * 16) return null
    const more = Math.min(step, Math.ceil(missing / page) * page)
    if (spare() < more)
      return `only ${Math.round((bytes - missing) / mega)} of ${Math.round(bytes / mega)} MiB could be taken: the rest is the last reserve`
    grow(more)
    await new Promise(setImmediate)
  }
}

const failed = await take()
if (failed) process.stderr.write(failed, () => endProcess(1))
else {
  process.stdout.write('ready\n')
  let round = 0
  setInterval(() => {
    const left = spare()
    if (left < 0) shrink(Math.max(step, -left))
    if (++round % 10 === 0) for (const block of blocks) touch(new Uint8Array(block))
  }, 100)
}
