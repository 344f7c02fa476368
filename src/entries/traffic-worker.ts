/** Entry of the traffic's worker thread. */
import { runTrafficWorker } from '../measures/traffic/worker.ts'

await runTrafficWorker()
