import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachAt } from '../../../src/faults/packets/attach.ts'
import { parseClasses, type Qdisc } from '../../../src/faults/packets/devices.ts'

const root = (kind: string, handle: string): Qdisc => ({ kind, handle, root: true })
const classes = parseClasses(`class htb 7:10 parent 7:1 prio 0 rate 10Mbit ceil 10Mbit burst 1600b cburst 1600b
class htb 7:1 root rate 100Mbit ceil 100Mbit burst 1600b cburst 1600b
class htb 7:20 parent 7:1 leaf 9: prio 0 rate 20Mbit ceil 20Mbit burst 1600b cburst 1600b
class tbf 9:1 parent 9:
`)

test('the kernel’s own root is taken, below somebody’s classes it nests, anything else is refused', () => {
  assert.deepEqual(attachAt('eth0', [root('noqueue', '0:')], []), { parents: ['root'] })
  const free = classes.filter(({ leaf }) => leaf === undefined)
  assert.deepEqual(attachAt('eth0', [root('htb', '7:')], free), { parents: ['7:10'] })
  assert.deepEqual(attachAt('eth0', [root('netem', '8:')], []), { parents: ['8:1'] })
  const why = (kind: string, handle: string, more: Qdisc[] = []): string => {
    const attach = attachAt('eth0', [root(kind, handle), ...more], classes)
    return 'refused' in attach ? attach.refused : 'not refused'
  }
  assert.match(why('fq_codel', '8001:'), /fq_codel 8001: at its root/)
  assert.match(why('htb', '7:', [{ kind: 'tbf', handle: '9:', parent: '7:20' }]), /class 7:20 at eth0 has tbf 9: below it/)
  assert.match(why('htb', '5150:'), /another fault of Squall/)
})
