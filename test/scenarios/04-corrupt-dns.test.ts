import { noDnsTable } from './left.ts'
import { testScenario } from './run.ts'

// Both would hold the same part of this machine.

testScenario('04-corrupt-dns', {
  alone: true,
  vars: { recovery: '20s' },
  root: true,
  programs: ['dnsmasq', 'nft'],
  breaks: /error_rate/,
  left: noDnsTable,
})
