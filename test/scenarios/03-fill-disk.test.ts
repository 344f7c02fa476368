import { roomIsBack } from './left.ts'
import { testScenario } from './run.ts'

testScenario('03-fill-disk', { root: true, breaks: /error_rate/, left: roomIsBack })
