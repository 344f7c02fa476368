/** A certificate for 127.0.0.1 that is its own authority, by openssl. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface Certificate {
  /** Paths of PEM files. */
  key: string
  certificate: string
}

/** `as`: wraps the argument vector, for files that belong to another user. */
export function makeCertificate(folder: string, as: (argv: [string, ...string[]]) => [string, ...string[]] = (argv) => argv): Certificate {
  const made = { key: join(folder, 'server.key'), certificate: join(folder, 'server.crt') }
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', made.key, '-out', made.certificate]
  const [program, ...args] = as(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names, ...files])
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 })
  return made
}
