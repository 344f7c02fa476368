/** Is there what a fault needs? Asked for the preview, before anything is touched; looks, and leaves nothing. */
import { findSystemProgram } from '../system/children.ts'
import type { Secrets } from '../system/secrets.ts'
import { openEngine } from './container/engine.ts'
import { imageAt } from './container/helper/image.ts'
import type { Need } from './injector.ts'
import { hasNetem, withoutNetem } from './packets/netem.ts'

export interface NeedAnswer {
  /** Null: cannot be checked from here. */
  met: boolean | null
  /** Where it is not: why, and what to do about it or instead. */
  why?: string
}

/** `command nft`, `docker`, `the image of helper containers, or command nsenter`. */
export function needText(need: Need): string {
  if ('helper' in need) return ['the image of helper containers', need.helper.map(needText).join(', ')].filter(Boolean).join(', or ')
  const [kind, value] = Object.entries(need)[0] as [string, unknown]
  return value === true ? kind : `${kind} ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

export type CheckedNeed = { need: Need } & NeedAnswer

export function checkNeeds(needs: readonly Need[], secrets: Pick<Secrets, 'has'>): Promise<CheckedNeed[]> {
  return Promise.all(needs.map(async (need) => ({ need, ...(await checkNeed(need, secrets)) })))
}

async function checkNeed(need: Need, secrets: Pick<Secrets, 'has'>): Promise<NeedAnswer> {
  if ('command' in need) return { met: findSystemProgram(need.command) !== null }
  if ('secret' in need) return { met: secrets.has(need.secret) }
  if ('capability' in need) return { met: process.getuid?.() === 0 ? true : null }
  if ('netem' in need)
    return (await hasNetem()) ? { met: true } : process.getuid?.() === 0 ? { met: false, why: withoutNetem } : { met: null }
  if ('docker' in need) return engineAnswers()
  if ('helper' in need) return helperOr(need.helper, secrets)
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

/** With the image nothing else is needed; without it what acts from outside is. */
async function helperOr(others: readonly Need[], secrets: Pick<Secrets, 'has'>): Promise<NeedAnswer> {
  try {
    const image = await imageAt(openEngine())
    if (image !== null) return { met: true, why: `${image} is in the engine` }
  } catch (error) {
    return { met: null, why: (error as Error).message }
  }
  const answers = await checkNeeds(others, secrets)
  const instead = 'or run squall helper-image once: a helper container needs none of it'
  if (answers.every(({ met }) => met === true)) return { met: true }
  const whys = answers.flatMap(({ why }) => why ?? [])
  return { met: answers.some(({ met }) => met === false) ? false : null, why: [...whys, instead].join('; ') }
}
