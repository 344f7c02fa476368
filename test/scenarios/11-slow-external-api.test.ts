import { testScenario } from './run.ts'

testScenario('11-slow-external-api', { breaks: /latency_p99/ })
