import { testScenario } from './run.ts'

testScenario('16-circuit-breaker', { vars: { fault: '20s' }, breaks: /payment_calls/ })
