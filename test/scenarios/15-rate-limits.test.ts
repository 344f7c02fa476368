import { testScenario } from './run.ts'

testScenario('15-rate-limits', { vars: { recovery: '20s' }, breaks: /latency_p99|error_rate/ })
