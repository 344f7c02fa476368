/** How far a verdict can be trusted: was the system steady, what could the run prove, how often was the judge wrong about this service? */
import type { ShownRun } from './words.ts'

export interface TrustPart {
  asks: string
  answers: readonly { text: string; sure: boolean }[]
}

/** Parts that have nothing to say are left out. */
export function trustOf({ verdict, trust = [] }: ShownRun): TrustPart[] {
  if (!verdict) return []
  const parts: TrustPart[] = [
    {
      asks: 'Was it steady before the fault?',
      answers: verdict.stability.map(({ sentence, decision }) => ({ text: sentence, sure: decision === 'stable' })),
    },
    {
      asks: 'What could four of five such runs find and prove?',
      answers: verdict.precision.map(({ sentence, enough }) => ({ text: sentence, sure: enough })),
    },
    { asks: 'How often was the judge wrong here?', answers: trust.map((text) => ({ text, sure: true })) },
  ]
  return parts.filter(({ answers }) => answers.length > 0)
}
