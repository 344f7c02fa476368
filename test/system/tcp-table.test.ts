import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { endianness } from 'node:os'
import { suite, test } from 'node:test'
import { parseTcpTable, pidsListeningOn, socketHolders, tcpSockets } from '../../src/system/tcp-table.ts'

suite('the table of TCP sockets', () => {
  test('knows who listens, who is connected to whom, and which process holds it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect(port, '127.0.0.1')
    await Promise.all([once(client, 'connect'), once(server, 'connection').then(([socket]) => socket.on('error', () => {}))])
    try {
      const sockets = tcpSockets()
      const listening = sockets.find(({ state, localPort }) => state === 'listening' && localPort === port)
      assert.deepEqual([listening?.reach, listening?.v6], ['loopback', false])
      const calling = sockets.find(({ state, remotePort }) => state === 'connected' && remotePort === port)
      assert.equal(calling?.remoteIsLocal, true)
      assert.equal(calling?.localPort, client.localPort)
      const holders = socketHolders(new Set([listening?.inode ?? '', calling?.inode ?? '']))
      assert.deepEqual([...holders.values()], [[process.pid], [process.pid]])
      assert.deepEqual(pidsListeningOn(port), [process.pid])
    } finally {
      client.destroy()
      server.close()
    }
  })

  test('tells loopback from other addresses, IPv4, IPv6 and mapped', { skip: endianness() !== 'LE' && 'written for little-endian' }, () => {
    const line = (local: string): string =>
      `   0: ${local}:1F90 ${'0'.repeat(local.length)}:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 777 1`
    const reach = (local: string): string | undefined => parseTcpTable(line(local))[0]?.reach
    assert.deepEqual(
      [
        '00000000',
        '0100007F',
        '3500007F',
        '7F00000A',
        '0'.repeat(32),
        `${'0'.repeat(24)}01000000`,
        '0000000000000000FFFF00000100007F',
        'B80D0120000000000000000001000000',
      ].map(reach),
      ['any', 'loopback', 'loopback', 'other', 'any', 'loopback', 'loopback', 'other'],
    )
    assert.deepEqual(
      parseTcpTable(line('0100007F')).map(({ localPort, inode }) => [localPort, inode]),
      [[8080, '777']],
    )
  })

  test('leaves out headings and sockets that neither listen nor are connected', () => {
    const closing = '   1: 0100007F:1F90 0100007F:A001 06 00000000:00000000 00:00000000 00000000  1000        0 777 1'
    assert.deepEqual(parseTcpTable(`  sl  local_address rem_address   st\n${closing}\n`), [])
  })
})
