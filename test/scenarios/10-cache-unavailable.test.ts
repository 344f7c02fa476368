import { testScenario } from './run.ts'

testScenario('10-cache-unavailable', { programs: ['redis-server'], breaks: /error_rate|latency_p99/ })
