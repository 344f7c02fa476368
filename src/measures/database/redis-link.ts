/** Connections to Redis, with an end to everything. */
import type { ConnectionOptions } from 'node:tls'
import type { Redis } from 'ioredis'
import type { Host } from './hosts.ts'
import { createLink, type Link } from './link.ts'

export interface RedisLogin {
  /** Absent: the default user. */
  user?: string
  /** Absent: the server asks for none. */
  password?: string
  tls?: ConnectionOptions
}

/** `login` is called for each connection: what it reads is kept nowhere. `timeout` in ms. */
export function redisLink({ host, port }: Host, login: () => Promise<RedisLogin>, timeout: number): Link<Redis> {
  return createLink<Redis>(
    {
      async open(signal) {
        const { user, password, tls } = await login()
        const { Redis } = (await import('ioredis')).default // Loaded when it is first needed: reading a document must stay fast.
        const client = new Redis({
          host,
          port,
          ...(tls && { tls }),
          protocol: 2, // With 3 the login would come too late: HELLO itself needs one.
          connectTimeout: timeout,
          disconnectTimeout: 100, // A host that hangs never says goodbye.
          lazyConnect: true,
          enableReadyCheck: false,
          // A question that cannot be asked now is not asked later.
          retryStrategy: null,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
        })
        const end = (): void => client.disconnect()
        signal.addEventListener('abort', end, { once: true })
        if (signal.aborted) throw new Error('given up')
        await connect(client)
        if (password !== undefined) await (user === undefined ? client.auth(password) : client.auth(user, password))
        return client
      },
      isBroken: (error) => !isReply(error),
    },
    timeout,
  )
}

/** True for an error that the server sent. */
export function isReply(error: Error): boolean {
  return error.name === 'ReplyError'
}

/** Rejects with what went wrong: the client's own rejection only says that the connection is closed. */
async function connect(client: Redis): Promise<void> {
  let cause: Error | undefined
  client.on('error', (error: Error) => {
    cause ??= error
  })
  try {
    await client.connect()
  } catch (error) {
    throw cause ?? error
  }
}
