import { noneStopped } from './left.ts'
import { testScenario } from './run.ts'

testScenario('08-region-failover', {
  programs: ['haproxy'],
  vars: { fault: '20s', recovery: '20s' },
  breaks: /error_rate/,
  left: noneStopped,
})
