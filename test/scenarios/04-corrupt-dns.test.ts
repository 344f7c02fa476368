import { testScenario } from './run.ts'

testScenario('04-corrupt-dns', { root: true, programs: ['dnsmasq', 'nft'], breaks: /error_rate/ })
