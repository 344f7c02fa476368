/** The program of a helper container: `helper TASK`, and beside it `helper dose DOSE`, each as JSON. */
import { leaveDose, runHelper } from '../faults/container/helper/inside.ts'
import type { Dose, HelperTask } from '../faults/container/helper/task.ts'
import { endProcess } from '../system/exit.ts'

const [first = '', second = ''] = process.argv.slice(2)
if (first === 'dose') leaveDose(JSON.parse(second) as Dose)
else endProcess(await runHelper(JSON.parse(first) as HelperTask))
