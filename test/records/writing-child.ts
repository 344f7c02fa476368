/** Writes a run's record until it is killed; says on stdout which seconds are on disk for sure. */
import { openRunWriter } from '../../src/records/run-file.ts'
import { change, second, startOf } from './samples.ts'

const dir = process.argv[2]
if (!dir) throw new Error('needs a folder')
const writer = await openRunWriter('r1', dir)
writer.start(startOf())
writer.phase({ phase: 'baseline', from: 0, to: Number.POSITIVE_INFINITY })
for (let t = 0; ; t++) {
  writer.second(second(t))
  writer.sample('queue', { at: t * 1000, value: t })
  writer.change({ ...change, injectedAt: t, looks: [] })
  if (t % 3 === 0) {
    await writer.flush()
    process.stdout.write(`${t}\n`)
  } else {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
