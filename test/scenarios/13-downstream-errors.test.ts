import { testScenario } from './run.ts'

testScenario('13-downstream-errors', { breaks: /error_rate/ })
