/** One failover seen from outside Squall: when the standby takes writes, how many requests fail, and which acknowledged orders are not there afterwards. */
import { startOrders } from '../../scenarios/lib/orders-service.ts'
import { type PairOptions, startPostgresPair } from '../../scenarios/lib/postgres-pair.ts'
import { postmasterIn } from '../../scenarios/lib/postgres-programs.ts'

export interface Failover {
  /** ms from the signal until the standby says that it is none. */
  promoted: number
  /** ms from the signal until an order is acknowledged again. */
  writes: number
  sent: number
  errors: number
  acknowledged: number
  /** Acknowledged orders that the new primary does not have. */
  lost: number
  timeline: [before: number, after: number]
}

const rate = 50

export async function failOver(pair: PairOptions, signal: 'SIGINT' | 'SIGKILL', before = 3_000): Promise<Failover> {
  const { one, two, hosts, password, end } = await startPostgresPair(pair)
  const orders = await startOrders({ hosts, user: 'squall', password })
  const acknowledged: { id: string; at: number }[] = []
  const found = { sent: 0, errors: 0 }
  const pending = new Set<Promise<void>>()
  const send = (): void => {
    found.sent++
    const one = fetch(orders.url, { method: 'POST', signal: AbortSignal.timeout(2_000) })
      .then(async (answer) => {
        if (answer.status === 201) acknowledged.push({ id: ((await answer.json()) as { id: string }).id, at: performance.now() })
        else found.errors++
      })
      .catch(() => {
        found.errors++
      })
    const tracked: Promise<void> = one.finally(() => pending.delete(tracked))
    pending.add(tracked)
  }
  const timeline = async (server: typeof one): Promise<number> =>
    Number((await server.sql("select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int as n")).n)
  const timer = setInterval(send, 1_000 / rate)
  try {
    await sleep(before)
    const first = await timeline(one)
    const pid = postmasterIn(one.data)
    if (pid === null) throw new Error('the primary does not run')
    const at = performance.now()
    process.kill(pid, signal)
    let promoted = Number.NaN
    while (Number.isNaN(promoted) && performance.now() - at < 60_000) {
      if ((await two.sql('select pg_is_in_recovery() as standby').catch(() => ({ standby: true }))).standby === false)
        promoted = performance.now() - at
      else await sleep(20)
    }
    // An order that was acknowledged by the old one may be answered a moment after the signal: it is the new one that counts.
    const again = (): number | undefined => acknowledged.find((order) => order.at - at > promoted)?.at
    while (again() === undefined && performance.now() - at < 70_000) await sleep(20)
    await sleep(1_000)
    clearInterval(timer)
    await Promise.all(pending)
    const ids = acknowledged.map(({ id }) => id)
    const { n } = await two.sql(
      `select count(*)::int as n from unnest('{${ids.join(',')}}'::bigint[]) as told(id) where id not in (select id from orders)`,
    )
    return {
      promoted,
      writes: (again() ?? Number.NaN) - at,
      ...found,
      acknowledged: ids.length,
      lost: Number(n),
      timeline: [first, await timeline(two)],
    }
  } finally {
    clearInterval(timer)
    await orders.end()
    await end()
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
