/** The hosts of a database as a document names them, and the settings that all databases share. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as z from 'zod/mini'
import { duration, says, secretText, text } from '../../document/schema-types.ts'

export interface Host {
  /** As written, for sentences. */
  name: string
  host: string
  port: number
}

export interface DatabaseConfig {
  hosts: string[]
  user?: string | undefined
  password?: string | undefined
  /** ms; default 800. */
  timeout?: number | undefined
}

const written = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_][A-Za-z0-9._-]*))(?::(\d{1,5}))?$/

const hostText = text.check(
  z.refine((value) => written.test(value) && Number(written.exec(value)?.[3] ?? 1) <= 65535, {
    error: 'expected a host with its port, such as db1:5432',
  }),
)

export const hostsField = says(
  'Every server of the database, primary and replicas alike: host:port. Servers themselves, no pooler and no shared name.',
  z.array(hostText, { error: 'expected a list such as [db1:5432, db2:5432]' }).check(
    z.minLength(1, { error: 'must name at least one host' }),
    // One server twice would be two primaries.
    z.refine((hosts) => new Set(hosts).size === hosts.length, { error: 'names a host twice', params: { fix: 'remove one of them' } }),
  ),
)

export const passwordField = says('Its password, e.g. "${secret:DB_PASSWORD}".', z.optional(secretText))

export const timeoutField = says(
  'How long a host may take to answer; default 800ms. One that takes longer holds up no other.',
  z.optional(duration),
)

export const caField = says('Certificate of the authority: a PEM file, from the document’s folder.', z.optional(text))

/** For TLS: the named authority, else those that Node knows. */
export function authority(ca: string | undefined, folder: string): { ca?: Buffer } {
  return ca === undefined ? {} : { ca: readFileSync(resolve(folder, ca)) }
}

/** ms; short of a second, so that a host that hangs is told apart from one that has no answer. */
export const defaultTimeout = 800

export function readHost(name: string, defaultPort: number): Host {
  const [, v6, plain, port] = written.exec(name) ?? []
  return { name, host: v6 ?? plain ?? name, port: port === undefined ? defaultPort : Number(port) }
}
