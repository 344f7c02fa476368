import { testScenario } from './run.ts'

testScenario('12-revoke-tokens', { breaks: /error_rate/ })
