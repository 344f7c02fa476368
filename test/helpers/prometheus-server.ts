/** A real Prometheus on loopback with its data in a folder of its own, scraping what a test shows it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './http-server.ts'

export interface PrometheusServer {
  url: string
  stop(): Promise<void>
}

/** @param targets by job: `host:port` of a page /metrics; each is scraped once a second */
export async function startPrometheus(targets: Record<string, string>): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'squall-prometheus-'))
  const jobs = Object.entries(targets).map(([job, target]) => ({ job_name: job, static_configs: [{ targets: [target] }] }))
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config)) // JSON is YAML too.
  const placeholder = await serve(() => {})
  await placeholder.close()
  const url = `http://127.0.0.1:${placeholder.port}`
  const options = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${placeholder.port}`,
    '--log.level=error',
  ]
  const child = spawn('prometheus', options, { stdio: ['ignore', 'ignore', 'inherit'] })
  await untilReady(child, `${url}/-/ready`)
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A server begins to scrape some seconds after it is ready: waits until it has `metric` often enough to tell how often it comes. */
export async function firstScrapes(url: string, metric: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 200) {
    const { data } = (await (
      await fetch(`${url}/api/v1/query?query=${encodeURIComponent(`count_over_time(${metric}[1m]) >= 3`)}`)
    ).json()) as { data: { result: unknown[] } }
    if (data.result.length > 0) return
    await sleep(200)
  }
  throw new Error('too little was scraped within 20 s')
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 100) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`)
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await sleep(100)
  }
  child.kill('SIGKILL')
  throw new Error('prometheus was not ready within 20 s')
}
