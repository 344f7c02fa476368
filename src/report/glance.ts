/** The four things everybody asks first: what was broken, what harm it did, did it come back, is everything put back. */
import type { StoredRun } from '../records/stored-run.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { duration } from './words.ts'

export function glanceOf(run: StoredRun<Verdict>): [asks: string, answer: string][] {
  const { verdict } = run
  if (!verdict) return []
  const answers: [string, string][] = [
    ['What was broken', brokenWords(run)],
    ['Harm', harmWords(verdict)],
    ['Recovery', verdict.recovery.sentence],
    ['Rollback', verdict.rollback.sentence],
  ]
  return answers.filter(([, answer]) => answer !== '')
}

function brokenWords({ changes }: StoredRun): string {
  const done = changes.filter(({ injectedAt }) => injectedAt !== undefined)
  if (done.length === 0) return 'nothing was injected'
  return done
    .map((change) => {
      const { fault, type, target, earlier = [] } = change
      const lasted = [...earlier, change].reduce(
        (sum, { activeAt, inactiveAt }) => sum + (inactiveAt ?? 0) - (activeAt ?? inactiveAt ?? 0),
        0,
      )
      const times = earlier.length > 0 ? `, ${earlier.length + 1} times` : ''
      return `${fault === type ? type : `${fault} (${type})`} at ${target}${lasted > 0 ? ` for ${duration(lasted)}` : ''}${times}`
    })
    .join('; ')
}

function harmWords({ harm }: Verdict): string {
  if (!harm) return ''
  const { requests, seconds, outOfBounds } = harm
  const parts = [
    ...(requests ? [`about ${requests} requests went wrong that would not have, in ${seconds} seconds`] : []),
    ...(outOfBounds.seconds > 0 ? [`out of bounds for ${outOfBounds.seconds} of ${outOfBounds.of} seconds`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : 'none that was seen'
}
