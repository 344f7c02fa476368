/** Gives a process its descriptors back when its time is over, even if everybody else is dead: `descriptors-timer STATE MS`. */
import { type DescriptorsState, giveBack } from '../faults/process/descriptors.ts'

const [state = '', ms = ''] = process.argv.slice(2)
process.stdout.on('error', () => {}) // The guardian that waited for "ready" may be dead by now.
setTimeout(() => void giveBack(JSON.parse(state) as DescriptorsState), Number(ms))
process.stdout.write('ready\n')
