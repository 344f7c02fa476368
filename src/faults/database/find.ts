/** A database as a target: a source of the document. Which of its servers is meant is seen when the fault is planned, and again right before it. */
import * as z from 'zod/mini'
import type { SourceSpec, TargetSpec } from '../../document/experiment.ts'
import { says } from '../../document/schema-types.ts'
import { SquallError } from '../../errors.ts'
import type { Json, Target } from '../injector.ts'

export type Role = 'primary' | 'replica'
export type DatabaseType = 'postgres' | 'redis'

/** What leads to the database: the same in every process and at any time. Secrets stand in it as references only. */
export interface DatabasePlace {
  /** What the document calls it. */
  source: string
  type: DatabaseType
  config: { [key: string]: Json }
}

/** Every fault at a database has it: failovers move the roles. */
export const roleNarrows = {
  role: says('The server that is primary, or one that is replica, at that moment; default primary.', z.enum(['primary', 'replica'])),
}

/** @throws SquallError `no-target`, `secret-in-state` */
export function databaseTarget({ query, narrowing }: TargetSpec, sources: readonly SourceSpec[]): Target {
  const source = sources.find(({ name }) => name === query.name)
  if (!source) throw new SquallError('no-target', `no source is called ${query.name ?? 'so'}: the document declares none`)
  if (source.type !== 'postgres' && source.type !== 'redis')
    throw new SquallError('no-target', `${source.name} is a source of type ${source.type}: a database is one of type postgres or redis`)
  const { password } = source.config
  if (typeof password === 'string' && !/^\$\{secret:[A-Za-z_][A-Za-z0-9_]*\}$/.test(password))
    throw new SquallError('secret-in-state', `the password of ${source.name} stands in the document, and a fault would write it down`, {
      hint: 'Write password: "${secret:NAME}".',
    })
  const role = (narrowing.role as Role | undefined) ?? 'primary'
  const place: DatabasePlace = { source: source.name, type: source.type, config: source.config as DatabasePlace['config'] }
  return { place: 'database', id: `${source.name}:${role}`, name: `${role} of ${source.name}`, facts: { ...place, role } as never }
}

export function placeOf({ facts }: Target): DatabasePlace & { role: Role } {
  const { source, type, config, role } = facts as unknown as DatabasePlace & { role: Role }
  return { source, type, config, role }
}
