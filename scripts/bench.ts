/** `npm run bench:NAME`: builds, then runs bench/NAME/main.ts or main.py with the given arguments and passes its exit code on. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildPackage } from './build.ts'
import { root } from './lib/root.ts'

const [name = '', ...args] = process.argv.slice(2)
const found = ['main.ts', 'main.py'].map((file) => join(root, 'bench', name, file)).find((file) => name !== '' && existsSync(file))

if (!found) {
  process.stderr.write(`there is no bench/${name || 'NAME'}/main.ts or main.py\n`)
  process.exitCode = 2
} else {
  await buildPackage()
  const program = found.endsWith('.py') ? 'python3' : process.execPath
  const child = spawn(program, [found, ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, SQUALL_NODE: process.execPath } })
  // The terminal sends SIGINT to the bench as well; it has processes to end first.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`${program} cannot be started: ${error.message}\n`)
    process.exitCode = 2
  })
  child.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
