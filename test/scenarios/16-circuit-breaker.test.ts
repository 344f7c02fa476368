import { testScenario } from './run.ts'

testScenario('16-circuit-breaker', { breaks: /payment_calls/ })
