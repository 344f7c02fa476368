import { testScenario } from './run.ts'

testScenario('01-kill-random-instance', { programs: ['haproxy'], breaks: /error_rate/ })
