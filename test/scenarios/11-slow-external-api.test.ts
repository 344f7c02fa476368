import { testScenario } from './run.ts'

testScenario('11-slow-external-api', { vars: { recovery: '20s' }, breaks: /latency_p99/ })
