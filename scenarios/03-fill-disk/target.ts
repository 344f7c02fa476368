/** Orders writes a journal on a small file system of its own. The form that survives keeps the journal within bounds. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '../lib/http.ts'
import { target } from '../lib/target.ts'

const record = Buffer.alloc(200 * 1024, 'order ')
/** What the careful form keeps: then it writes over the oldest. */
const kept = 8 * 1024 * 1024

export default target(import.meta.url, {
  port: 18060,
  needs: { root: true },
  services: {
    orders(env) {
      const journal = openSync(join(env.DIR as string, 'journal'), 'w')
      process.on('exit', () => closeSync(journal))
      let at = 0
      serve(env, async () => {
        if (env.SURVIVES === '1' && at + record.length > kept) at = 0
        at += writeSync(journal, record, 0, record.length, at)
        return { status: 201, body: { order: 'taken' } }
      })
    },
  },
  async start(stage) {
    const [orders] = [stage.port(0)]
    const dir = join(stage.folder, 'data')
    mkdirSync(dir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1g', 'squall-demo', dir])
    stage.atEnd(() => void execFileSync('umount', ['-l', dir]))
    await stage.service('orders', { env: { PORT: `${orders}`, DIR: dir, SURVIVES: stage.survives ? '1' : '0' } })
    stage.part(`orders on ${orders} writes its journal to ${dir}, a file system of 1 GiB in memory`)
    stage.part(stage.survives ? 'the journal is kept within 8 MiB' : 'the journal grows by 200 KiB with each order')
    const url = `http://127.0.0.1:${orders}/orders`
    return { url, vars: { url, dir } }
  },
})
