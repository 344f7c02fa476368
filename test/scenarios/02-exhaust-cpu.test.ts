import { testScenario } from './run.ts'

// Both take all processors.
testScenario('02-exhaust-cpu', { vars: { recovery: '20s' }, alone: true, breaks: /latency_p99/ })
