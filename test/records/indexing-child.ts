/** Enters runs into the index and ends them, as one of many processes doing so at once. Arguments: state folder, own number, how many. */
import { indexFinish, indexStart } from '../../src/records/index-db.ts'

const [state, own, count] = process.argv.slice(2)
for (let n = 0; n < Number(count); n++) {
  const id = `run-${own}-${n}`
  await indexStart({ id, name: 'crowd', hash: 'h', environment: 'test', startedAt: new Date().toISOString() }, state)
  const end = { id, outcome: 'passed', endedAt: new Date().toISOString(), exit: 0, rollback: 'verified', because: 'Passed.' } as const
  if (!(await indexFinish(end, state))) throw new Error(`${id} was ended by somebody else`)
}
