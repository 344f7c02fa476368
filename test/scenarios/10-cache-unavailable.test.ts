import { testScenario } from './run.ts'

testScenario('10-cache-unavailable', { vars: { recovery: '20s' }, programs: ['redis-server'], breaks: /error_rate|latency_p99/ })
