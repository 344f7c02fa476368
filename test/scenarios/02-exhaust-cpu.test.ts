import { testScenario } from './run.ts'

// One after the other: both take all processors.
testScenario('02-exhaust-cpu', { alone: true, breaks: /latency_p99/ })
