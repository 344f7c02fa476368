import { noTables } from './left.ts'
import { testScenario } from './run.ts'

testScenario('07-partition', { vars: { recovery: '20s' }, root: true, programs: ['nft'], breaks: /error_rate/, left: noTables })
