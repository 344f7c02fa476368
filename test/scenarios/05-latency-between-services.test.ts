import { testScenario } from './run.ts'

testScenario('05-latency-between-services', { breaks: /latency_p99/ })
