/** Orders in a real PostgreSQL pair with repmgr. The form that survives promotes the standby when the primary has gone; the other leaves it to people. */
import { startOrders } from '../lib/orders-service.ts'
import { startPostgresPair } from '../lib/postgres-pair.ts'
import { target } from '../lib/target.ts'

export default target(import.meta.url, {
  port: 18180,
  needs: {
    programs: [
      { program: 'repmgr', package: 'repmgr' },
      { program: 'pg_lsclusters', package: 'postgresql' },
    ],
  },
  services: {
    orders: (env) => {
      const { PORT, HOSTS = '', PASSWORD = '' } = env
      void startOrders({ hosts: HOSTS.split(','), port: Number(PORT), user: 'squall', password: PASSWORD }).then(() =>
        process.send?.('listens'),
      )
    },
  },
  async start(stage) {
    // Synchronous: what was acknowledged is on both.
    const pair = await startPostgresPair({
      ports: [stage.port(1), stage.port(2)],
      replication: 'sync',
      promotion: stage.survives ? 'automatic' : 'off',
    })
    stage.atEnd(() => pair.end())
    await stage.service('orders', { env: { PORT: `${stage.port(0)}`, HOSTS: pair.hosts.join(), PASSWORD: pair.password } })
    stage.part(`orders on ${stage.port(0)} writes to whichever of ${pair.hosts.join(' and ')} takes writes; the first one is primary now`)
    stage.part(stage.survives ? 'repmgr promotes the standby when the primary has gone' : 'repmgr watches, and promotes nobody')
    stage.part(`for the run: PG_PASSWORD=${pair.password}`)
    const url = `http://127.0.0.1:${stage.port(0)}/orders`
    return { url, vars: { url, one: pair.hosts[0], two: pair.hosts[1] } }
  },
})
