/** `squall faults [TYPE]`: what can be injected, and where. */
import { injectors } from '../catalogue.ts'
import { SquallError } from '../errors.ts'
import { type FaultRow, faultRows } from '../faults/matrix.ts'
import type { Command } from './context.ts'
import { colour, table } from './output.ts'

const faults: Command = async ([type], _options, context) => {
  const rows = faultRows(injectors)
  const wanted = type === undefined ? rows : rows.filter((row) => row.type === type)
  if (wanted.length === 0) throw new SquallError('fault-not-available', `there is no fault type ${type}`)
  if (context.json) context.out(JSON.stringify({ schema: 'squall.faults/1', faults: wanted }, null, 2))
  else if (type === undefined) context.out(`${list(wanted)}\nOwn faults: \`type: ./file.ts\`. Details: squall faults TYPE`)
  else context.out(wanted.map(details).join('\n'))
  return 0
}
export default faults

function list(rows: readonly FaultRow[]): string {
  return table(
    rows.map((row) => [row.type, row.places.join(', ') || 'no target', row.says]),
    { head: ['type', 'place', 'what it does'] },
  )
}

function details(row: FaultRow): string {
  const head = `${colour('bold', row.type)} at ${row.places.join(', ') || 'no target'}: ${row.says}`
  return [
    head,
    table(
      row.parameters.map(({ name, needed, dial, says }) => [`  ${name}`, `${needed ? 'needed' : 'optional'}${dial ? ', dial' : ''}`, says]),
    ),
  ].join('\n')
}
