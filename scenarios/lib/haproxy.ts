/** HAProxy in front of several servers, with or without looking after them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NeededProgram, Stage } from './target.ts'

export const haproxy: NeededProgram = { program: 'haproxy', package: 'haproxy' }

export interface Balanced {
  listen: number
  servers: readonly { name: string; port: number; backup?: true }[]
  /** Checks each server, sends a failed request to another one, and gives up on a silent one after a second. */
  careful: boolean
}

/** Writes its configuration into the target's folder and starts it. */
export async function startHaproxy(stage: Stage, { listen, servers, careful }: Balanced): Promise<void> {
  const file = join(stage.folder, 'haproxy.cfg')
  const check = careful ? ' check inter 200ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down' : ''
  const lines = [
    'global',
    '  maxconn 2000',
    'defaults',
    '  mode http',
    '  timeout connect 500ms',
    '  timeout client 30s',
    `  timeout server ${careful ? '1s' : '30s'}`,
    ...(careful
      ? ['  retries 3', '  option redispatch 1', '  retry-on conn-failure empty-response response-timeout', '  timeout check 300ms']
      : ['  retries 0']),
    'frontend door',
    `  bind 127.0.0.1:${listen}`,
    '  default_backend rooms',
    'backend rooms',
    '  balance roundrobin',
    ...(careful ? ['  option httpchk GET /health'] : []),
    ...servers.map(({ name, port, backup }) => `  server ${name} 127.0.0.1:${port}${check}${backup && careful ? ' backup' : ''}`),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  await stage.program(['haproxy', '-db', '-f', file], { port: listen })
}
