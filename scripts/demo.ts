/**
 * `npm run demo`: one true experiment, twice. A shop of five processes has a weakness; Squall finds it; the weakness is
 * repaired; Squall confirms it. Ends with 0 only when the first run failed and the second passed.
 * To see that nothing here is staged: --fixed-first, --placebo, --freeze SERVICE change the first run.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { whenParentDies } from '../demo/parent.ts'
import { startShop } from '../demo/start-shop.ts'
import { currentChild, outputOf, runInForeground } from './lib/foreground.ts'
import { root } from './lib/root.ts'

const { values } = parseArgs({
  options: {
    'fixed-first': { type: 'boolean', default: false },
    placebo: { type: 'boolean', default: false },
    freeze: { type: 'string', default: 'payments' },
    var: { type: 'string', multiple: true, default: [] },
  },
})
const folder = join(root, '.squall', 'demo')
const squall = join(root, 'bin', 'squall.js')
// Its own state: the demo neither sees nor touches the runs of this machine.
const env = { ...process.env, SQUALL_STATE_DIR: join(folder, 'state') }
const exitOf = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGTSTP: 148 } as const
let stopped: keyof typeof exitOf | undefined

// Squall is told, rolls back and ends by itself; only then the shop is closed. Each Ctrl-C is passed on: a second one means more.
for (const signal of Object.keys(exitOf) as (keyof typeof exitOf)[]) {
  process.on(signal, () => {
    const repeated = stopped !== undefined
    stopped ??= signal
    if (signal === 'SIGINT' || !repeated) currentChild()?.kill(signal)
  })
}
whenParentDies(() => process.emit('SIGHUP'))
process.stdout.on('error', () => process.emit('SIGHUP')) // Nobody reads any more.

process.exitCode = await demo()

async function demo(): Promise<number> {
  const built = await runInForeground([join(root, 'scripts', 'build.ts')], env)
  if (stopped || built !== 0) return ended(built)

  const frozen = values.placebo ? 'bystander' : values.freeze
  title(`1  The shop ${values['fixed-first'] ? 'with' : 'without'} timeout and circuit breaker: what happens when ${frozen} freezes?`)
  const before = await experiment('before', values['fixed-first'], frozen)
  if (stopped || before.exit > 1) return ended(before.exit)
  if (before.exit === 0) {
    title('The first run passed: there was nothing to find.')
    console.log(`report: ${before.report}`)
    return 1
  }

  title('2  The same with a timeout of 500 ms and a circuit breaker towards payments')
  const after = await experiment('after', true, frozen)
  if (stopped || after.exit > 1) return ended(after.exit)

  title(after.exit === 0 ? 'The weakness was found, and the cure holds.' : 'The cure did not help: this weakness is another one.')
  console.log(`before  ${before.because}\n        ${before.report}`)
  console.log(`after   ${after.because}\n        ${after.report}`)
  console.log(`
What to try next
  demo/payments-freeze.yaml          the experiment: change it and run it again
  demo/shop/pay.ts                   the weakness and its cure, side by side
  npm run demo -- --placebo          freeze a process that serves nobody: nothing is found
  npm run demo -- --fixed-first      start with the cure: nothing is found
  npm run demo -- --freeze store     freeze the store: timeouts towards payments do not help
  README.md                          your own first experiment, in five minutes`)
  return after.exit
}

interface Result {
  exit: number
  report: string
  because: string
}

/** One experiment. Inconclusive (something else kept the machine busy) is tried again, twice at most; any other verdict stands. */
async function experiment(name: string, fixed: boolean, service: string): Promise<Result> {
  for (let tries = 1; ; tries++) {
    const result = await run(name, fixed, service)
    if (result.exit !== 3 || stopped || tries === 3) return result
    title('That run could not tell. A busy machine does this: once more.')
  }
}

/** One run of Squall against a shop of its own. */
async function run(name: string, fixed: boolean, service: string): Promise<Result> {
  const out = join(folder, 'reports', `${process.pid}-${name}`)
  rmSync(out, { recursive: true, force: true })
  const app = `shop-${process.pid}-${name}`
  const shop = await startShop({ fixed, app })
  try {
    const vars = [`url=${shop.url}`, `app=${app}`, `service=${service}`, ...values.var].flatMap((one) => ['--var', one])
    const exit = stopped
      ? 4
      : await runInForeground([squall, 'run', join(root, 'demo', 'payments-freeze.yaml'), ...vars, '--out', out], env)
    if (stopped || exit > 1) return { exit, report: '', because: '' }
    const [file = ''] = readdirSync(out).filter((entry) => entry.endsWith('.html'))
    const shown = await outputOf([squall, 'show', file.replace('.html', ''), '--json'], env)
    const { verdict } = JSON.parse(shown) as { verdict: { because: string } }
    return { exit, report: relative(process.cwd(), join(out, file)), because: verdict.because }
  } finally {
    await shop.stop()
  }
}

function ended(exit: number): number {
  if (stopped) console.error(`Stopped by ${stopped}. The shop is closed.`)
  else if (exit === 3) console.error('The demo ends here: this machine is too busy to measure on. Run it again when less else is going on.')
  else console.error(`The demo ends here: exit ${exit}.`)
  if (exit === 6) return 6
  return stopped ? exitOf[stopped] : exit
}

function title(text: string): void {
  console.log(`\n${text}\n`)
}
