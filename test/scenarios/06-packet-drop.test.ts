import { noTables } from './left.ts'
import { testScenario } from './run.ts'

testScenario('06-packet-drop', { root: true, programs: ['nft'], breaks: /error_rate/, left: noTables })
