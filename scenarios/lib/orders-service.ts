/** A small service that writes orders to whichever server of a PostgreSQL database takes writes: `POST /orders` answers with the acknowledged id. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

export interface OrdersService {
  /** `http://127.0.0.1:PORT/orders` */
  url: string
  end(): Promise<void>
}

interface OrdersOptions {
  /** `host:port`, tried in this order, as libpq does with target_session_attrs=read-write. */
  hosts: readonly string[]
  user: string
  password?: string
  /** 0: any. */
  port?: number
}

export async function startOrders({ hosts, port = 0, ...login }: OrdersOptions): Promise<OrdersService> {
  let current: pg.Pool | null = null
  let searching: Promise<pg.Pool> | null = null
  /** Timeouts in a row. */
  let slow = 0

  function openPool(name: string): pg.Pool {
    const [host, at] = name.split(':')
    const pool = new pg.Pool({
      host,
      port: Number(at),
      database: 'postgres',
      ...login,
      max: 12,
      connectionTimeoutMillis: 1_800,
      query_timeout: 1_800,
    } as pg.PoolConfig)
    pool.on('error', () => {}) // A connection that waits has broken: the next question finds out.
    return pool
  }

  async function search(): Promise<pg.Pool> {
    for (const name of hosts) {
      const pool = openPool(name)
      try {
        const { rows } = await pool.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
        if (rows[0]?.standby === false) return pool
      } catch {
        // The next one may be it.
      }
      void pool.end().catch(() => {})
    }
    throw new Error('no server takes writes')
  }

  async function find(): Promise<pg.Pool> {
    searching ??= search().finally(() => {
      searching = null
    })
    current = await searching
    return current
  }

  function give(old: pg.Pool, next: pg.Pool | null): void {
    if (current !== old) return
    current = next
    void old.end().catch(() => {})
  }

  async function replace(old: pg.Pool): Promise<void> {
    const found = await search().catch(() => null)
    if (found && found.options.port !== old.options.port) give(old, found)
    else void found?.end().catch(() => {})
  }

  async function write(): Promise<string> {
    const pool = current ?? (await find())
    try {
      const { rows } = await pool.query<{ id: string }>('insert into orders default values returning id')
      slow = 0
      return String(rows[0]?.id)
    } catch (error) {
      // It has ended, or has become a standby. One that is slow keeps its connections, unless another server takes writes by now.
      const timedOut = /timeout/i.test((error as Error).message)
      if (current === pool && !timedOut) give(pool, null)
      else if (current === pool && ++slow % 10 === 0) void replace(pool)
      throw error
    }
  }

  const server = createServer((request, response) => {
    request.resume()
    write().then(
      (id) => response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id })),
      (error: Error) => response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.message })),
    )
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`,
    async end() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await current?.end().catch(() => {})
    },
  }
}
