/** The least that a proxy in Node can be. Arguments: host:port to listen at, host:port to pass on to. */
import net from 'node:net'

const [listen, upstream] = process.argv.slice(2).map((text) => {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
})

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
  const service = net.connect({ ...upstream, allowHalfOpen: true, noDelay: true })
  caller.pipe(service).pipe(caller)
  caller.on('error', () => service.destroy())
  service.on('error', () => caller.destroy())
})
server.listen(listen, () => process.stdout.write('ready\n'))
