/** Ids of requests: 20 letters that sort by time, as the clients of Toxiproxy find them in `X-Toxiproxy-Request-Id`. */
import { randomBytes } from 'node:crypto'
import { wallMs } from '../../system/clock.ts'

const letters = '0123456789abcdefghijklmnopqrstuv'
const ofProcess = randomBytes(5)
let counter = randomBytes(3).readUIntBE(0, 3)

export function newRequestId(now = wallMs()): string {
  counter = (counter + 1) & 0xffffff
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(Math.floor(now / 1000), 0)
  ofProcess.copy(bytes, 4)
  bytes.writeUIntBE(counter, 9, 3)
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += letters[(value >> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return text + letters[(value << (5 - bits)) & 31]
}
