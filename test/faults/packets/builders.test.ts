import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandText, stepOf } from '../../../src/faults/packets/command.ts'
import { packetNames } from '../../../src/faults/packets/names.ts'
import { inetTable, lossAtDevice } from '../../../src/faults/packets/nft.ts'
import { needsNetem, onlyLoss, packetSpec, packetWords } from '../../../src/faults/packets/spec.ts'
import { ingressTo, type TcPlace, treeAt } from '../../../src/faults/packets/tc.ts'
import { flowText, readTo, resolveTo, toSchema, toText } from '../../../src/faults/packets/to.ts'

describe('to', () => {
  test('a document is told what to write', () => assert.match(JSON.stringify(toSchema.safeParse('a b').error?.issues), /10.0.0.5:5432/))
  for (const text of ['10.0.0.5:5432', '10.0.0.0/8', 'fd00::/8', '10.0.0.5', '[fd00::2]:53', ':53', 'db.internal:5432', 'db.internal'])
    test(`reads ${text}`, () => {
      const reading = readTo(text)
      assert.ok(reading.ok)
      assert.equal(toText(reading.value), text)
    })
  for (const text of ['', ':0', ':70000', '10.0.0.0/33', '10.0.0/8', '-x:1', 'a b', 'fe80::1%eth0', '[10.0.0.1]:80', 'a;drop', '$x:1'])
    test(`refuses ${JSON.stringify(text)}`, () => assert.ok(!readTo(text).ok))

  test('a port alone is that port in both families, a name all its addresses', async () => {
    assert.deepEqual((await resolveTo({ port: 53 })).map(flowText), ['0.0.0.0/0:53', '[::]/0:53'])
    const local = await resolveTo({ host: 'localhost', port: 80 })
    assert.ok(local.some(({ address, family }) => family === 4 && address === '127.0.0.1'))
    await assert.rejects(resolveTo({ host: 'nobody.invalid' }), /nobody\.invalid has no address/)
  })
})

describe('what is asked of packets', () => {
  const read = (value: object): ReturnType<ReturnType<typeof packetSpec>['safeParse']> => packetSpec().safeParse(value)
  test('presets are what people know', () => {
    assert.deepEqual(read({ preset: 'slow' }).data, { delay: 500, jitter: 100 })
    assert.deepEqual(read({ preset: 'lossy' }).data, { loss: 0.1 })
    assert.deepEqual(read({ preset: 'flaky', direction: 'both' }).data, { delay: 200, jitter: 50, loss: 0.05, direction: 'both' })
  })
  const refused: [object, RegExp][] = [
    [{ reorder: '10%' }, /reorder needs delay/],
    [{ jitter: '10ms' }, /nothing without delay/],
    [{ preset: 'flaky', loss: '1%' }, /the preset says it/],
    [{ loss: '0%' }, /none of them/],
    [{}, /nothing happens/],
    [{ delay: '10ms', distribution: 'normal' }, /nothing without jitter/],
  ]
  for (const [value, why] of refused)
    test(`refuses ${JSON.stringify(value)}`, () => assert.match(JSON.stringify(read(value).error?.issues), why))
  test('says what it needs', () => {
    assert.ok(needsNetem({ delay: 1 }) && needsNetem({ loss: 0.1, bandwidth: 1e6 }))
    assert.ok(!needsNetem({ bandwidth: 1e6 }) && !needsNetem({ loss: 0.1 }))
    assert.ok(onlyLoss({ loss: 0.1 }) && !onlyLoss({ loss: 0.1, delay: 5 }))
    assert.deepEqual(packetWords({ delay: 200, jitter: 50, loss: 0.05 }), ['delay packets by 200 ms ± 50 ms', 'lose 5% of the packets'])
  })
})

const names = packetNames('run/fault')
const flows = [{ family: 4 as const, address: '10.0.0.5', prefix: 32, port: 5432 }]
const place: TcPlace = {
  device: 'eth0',
  mtu: 1500,
  speed: 1e9,
  parent: 'root',
  handle: names.handle,
  pref: names.pref,
  side: 'destination',
  flows,
}

describe('commands', () => {
  test('names come from the mark alone and fit', () => {
    assert.deepEqual(names, packetNames('run/fault'))
    assert.notEqual(names.table, packetNames('run/other').table)
    assert.ok(names.link.length <= 15 && names.handle >= 0x5100 && names.handle <= 0x51f0)
  })
  test('one command removes the whole tree, by our own handle', () => {
    const tree = treeAt(place, { delay: 500, jitter: 100, loss: 0.1 })
    const undos = tree.flatMap(({ undo }) => (undo ? [commandText(undo)] : []))
    assert.deepEqual(undos, [`tc qdisc del dev eth0 root handle ${names.handle.toString(16)}:`])
    const text = tree.map((one) => stepOf(one).does).join('\n')
    assert.match(text, /netem limit \d+ delay 500ms 100ms loss random 10% rate 40gbit$/m)
    assert.match(text, /match ip dst 10\.0\.0\.5\/32 match ip protocol 6 0xff match ip dport 5432 0xffff flowid 51[0-9a-f]0:1$/m)
    assert.ok(!/replace|change/.test(text))
  })
  test('the queue holds what a delay keeps', () => {
    const [limit] = treeAt(place, { delay: 500 }).flatMap(({ do: { argv } }) =>
      argv.includes('netem') ? [Number(argv[argv.indexOf('limit') + 1])] : [],
    )
    assert.ok((limit ?? 0) >= (1e9 / 8 / 1500) * 0.5 * 1.5)
  })
  test('an ingress of somebody else’s stays, and only filters of ours go', () => {
    const mine = ingressTo({ ...place, side: 'source' }, names.link, false).flatMap(({ undo }) => (undo ? [commandText(undo)] : []))
    const theirs = ingressTo({ ...place, side: 'source' }, names.link, true).flatMap(({ undo }) => (undo ? [commandText(undo)] : []))
    assert.ok(mine.includes('tc qdisc del dev eth0 ingress'))
    assert.ok(!theirs.some((line) => line.includes('qdisc')))
  })
  test('every rule of a table asks the set that expires', () => {
    const plan = { table: names.table, seconds: 30, direction: 'both' as const, flows }
    for (const { do: made } of [inetTable({ ...plan, end: 'drop' }), lossAtDevice({ ...plan, end: { loss: 0.1 } }, ['eth0'], names.link)]) {
      assert.match(made.input ?? '', /timeout 30s/)
      for (const line of (made.input ?? '').split('\n').filter((one) => /jump (to|from)$/.test(one))) assert.match(line, /@live jump/)
    }
  })
  test('no name of an interface can become part of the language', () => {
    assert.throws(() => inetTable({ table: names.table, seconds: 1, end: 'drop', direction: 'out', interfaces: ['a" drop'] }))
  })
})
