/** An address on loopback that does not answer: the queue of its listener is full, so that connecting hangs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const program = `
import socket, sys, time
hole = socket.socket()
hole.bind(("127.0.0.1", 0))
hole.listen(0)
filling = []
for _ in range(8):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(hole.getsockname())
    filling.append(one)
time.sleep(0.05)
print(hole.getsockname()[1], flush=True)
sys.stdin.read()
`

export interface Blackhole {
  /** `127.0.0.1:port`. */
  address: string
  close(): void
}

export async function blackhole(): Promise<Blackhole> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { address: `127.0.0.1:${line.toString().trim()}`, close: () => void child.kill('SIGKILL') }
}
