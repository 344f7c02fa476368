/** `npm run guest -- [--cgroup 1] [--seconds N] COMMAND…`: runs it in a guest with a stock Debian kernel, see test/helpers/guest.ts. Passes its output and exit code on. */
import { parseArgs } from 'node:util'
import { inGuest } from '../test/helpers/guest.ts'

const args = process.argv.slice(2)
const at =
  args.indexOf('--') >= 0
    ? args.indexOf('--') + 1
    : args.findIndex((arg, index) => !arg.startsWith('--') && !args[index - 1]?.startsWith('--'))
const command = at < 0 ? [] : args.slice(at)
const { values } = parseArgs({
  args: (at < 0 ? args : args.slice(0, at)).filter((arg) => arg !== '--'),
  options: { seconds: { type: 'string', default: '600' }, cgroup: { type: 'string', default: '2' } },
})
const [program, ...rest] = command
if (program === undefined) {
  process.stderr.write('npm run guest -- [--cgroup 1] [--seconds N] COMMAND…\n')
  process.exitCode = 2
} else {
  // Benches find the Node of the project by this.
  const env = { SQUALL_NODE: process.execPath, SQUALL_GUEST: '1' }
  const end = await inGuest([program, ...rest], { seconds: Number(values.seconds), cgroup: values.cgroup === '1' ? 1 : 2, env })
  process.stdout.write(end.stdout)
  process.stderr.write(end.stderr)
  if (end.code === null) process.stderr.write(`the guest did not come to its command:\n${end.console}\n`)
  process.exitCode = end.code ?? 1
}
