/** One connection to a Redis server for a fault, named after it. */
import type { Redis } from 'ioredis'
import { readHost } from '../../measures/database/hosts.ts'
import { TookTooLong } from '../../measures/database/link.ts'
import { type RedisConfig, redisLogin } from '../../measures/database/redis.ts'
import { redisLink } from '../../measures/database/redis-link.ts'
import type { Asking } from './roles.ts'
import type { SessionPlace } from './sessions.ts'

/** ms that Redis gets to answer when nothing holds it up. */
const patience = 1_500

export interface RedisSession {
  /** Sends without waiting: all in one piece. */
  send(commands: readonly (readonly string[])[]): void
  ask(...command: string[]): Promise<unknown>
  close(): void
}

export async function openRedis(place: SessionPlace, context: Asking, timeout = patience): Promise<RedisSession> {
  const link = redisLink(readHost(place.host, 6379), () => redisLogin(place.config as unknown as RedisConfig, context), timeout)
  const ask = (...[name = '', ...args]: string[]): Promise<unknown> => link.ask((client: Redis) => client.call(name, ...args))
  let client: Redis | undefined
  await link.ask(async (one) => {
    client = one
    await one.call('client', 'setname', place.name)
  })
  return {
    ask,
    send(commands) {
      const all = (client as Redis).pipeline()
      for (const [name = '', ...args] of commands) all.call(name, ...args)
      all.exec().catch(() => {}) // Its end is the connection's.
    },
    close: () => link.close(),
  }
}

/** What it answers. `down`: nobody listens there. `silent`: it takes the connection and does not answer. @throws for all else */
export async function askRedis<T>(place: SessionPlace, context: Asking, ...command: string[]): Promise<{ answer: T } | 'down' | 'silent'> {
  let session: RedisSession | undefined
  try {
    session = await openRedis({ ...place, name: 'squall' }, context)
    return { answer: (await session.ask(...command)) as T }
  } catch (error) {
    if (error instanceof TookTooLong) return 'silent'
    if ((error as { code?: string }).code === 'ECONNREFUSED') return 'down'
    throw error
  } finally {
    session?.close()
  }
}
