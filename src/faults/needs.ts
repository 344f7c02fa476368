/** Is there what a fault needs? Asked for the preview, before anything is touched; looks, and leaves nothing. */
import { findProgram } from '../system/children.ts'
import type { Secrets } from '../system/secrets.ts'
import { openEngine } from './container/engine.ts'
import type { Need } from './injector.ts'
import { hasNetem, withoutNetem } from './packets/netem.ts'

export interface NeedAnswer {
  /** Null: cannot be checked from here. */
  met: boolean | null
  /** Where it is not: why, and what to do about it or instead. */
  why?: string
}

export async function checkNeed(need: Need, secrets: Pick<Secrets, 'has'>): Promise<NeedAnswer> {
  if ('command' in need) return { met: findProgram(need.command) !== null }
  if ('secret' in need) return { met: secrets.has(need.secret) }
  if ('capability' in need) return { met: process.getuid?.() === 0 ? true : null }
  if ('netem' in need)
    return (await hasNetem()) ? { met: true } : process.getuid?.() === 0 ? { met: false, why: withoutNetem } : { met: null }
  if ('docker' in need) return engineAnswers()
  return { met: null }
}

async function engineAnswers(): Promise<NeedAnswer> {
  try {
    await openEngine().call('GET', '/info', { timeout: 10_000 })
    return { met: true }
  } catch (error) {
    return { met: false, why: (error as Error).message }
  }
}
