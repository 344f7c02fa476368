import { testScenario } from './run.ts'

testScenario('14-malformed-responses', { breaks: /error_rate/ })
