import { testScenario } from './run.ts'

testScenario('09-database-primary', {
  breaks: /primaries|error_rate/,
  programs: ['initdb', 'repmgr'],
  vars: { fault: '26s' },
  env: { PG_PASSWORD: 'or1ons-belt' },
})
