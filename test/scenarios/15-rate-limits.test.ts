import { testScenario } from './run.ts'

testScenario('15-rate-limits', { breaks: /latency_p99|error_rate/ })
