/** What this process has put into one proxy of a Toxiproxy server, so that what others change of it is not taken for ours. */
import type { Toxic } from './as-toxics.ts'
import { readToxicName, type ToxicPart } from './toxic-names.ts'

/** Of one fault. */
export interface Put {
  /** What each toxic was told to be, now or earlier: a dial that moves may show either. By name. */
  readonly sent: Map<string, Set<string>>
  /** Names of the toxics that were there for certain and that we have not begun to take away. */
  readonly there: Set<string>
  /** The proxy was disabled by us, and we have not begun to enable it. */
  disabled: boolean
  /** It is being taken away, or was: nothing more is put for it. */
  closed: boolean
  /** Why it is not ours any more. */
  changed?: string | undefined
}

/** `earlier`: the one with the same id that is over. What is left of it has been changed by others. */
export function newPut(earlier?: Put): Put {
  return { sent: earlier?.sent ?? new Map(), there: new Set(), disabled: false, closed: false }
}

export function rememberSent(put: Put, toxic: Toxic): void {
  const before = put.sent.get(toxic.name) ?? new Set()
  put.sent.set(toxic.name, before.add(signature(toxic)))
}

/** The toxic is as we have put it; of what another process put, the name alone says that it is ours. */
export function isOurs(put: Put | undefined, toxic: Toxic): boolean {
  const sent = put?.sent.get(toxic.name)
  return sent === undefined || sent.has(signature(toxic))
}

export function same(one: Toxic, other: Toxic): boolean {
  return signature(one) === signature(other)
}

/** Toxicity is a 32-bit number there. */
function signature({ type, stream, toxicity, attributes }: Toxic): string {
  const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([type, stream, Math.fround(toxicity), sorted])
}

export function toxicsOf(id: string, toxics: readonly Toxic[]): { toxic: Toxic; part: ToxicPart }[] {
  return toxics.flatMap((toxic) => {
    const ours = readToxicName(toxic.name)
    return ours?.id === id ? [{ toxic, part: ours.part }] : []
  })
}

/** What must be in a proxy that is asked now, unless others have changed it. */
export function expected(put: Put): { there: string[]; disabled: boolean } {
  return { there: [...put.there], disabled: put.disabled }
}

/** Why the fault is not as we have left it. */
export function changedByOthers(
  put: Put,
  { there, disabled }: ReturnType<typeof expected>,
  proxy: { enabled: boolean; toxics: readonly Toxic[] },
): string | undefined {
  for (const name of there) {
    const toxic = proxy.toxics.find((each) => each.name === name)
    if (!toxic) return `others have removed the toxic ${name}`
    if (!isOurs(put, toxic)) return `others have changed the toxic ${name}: ${described(toxic)}`
  }
  return disabled && proxy.enabled ? 'others have enabled the proxy' : undefined
}

export function described({ type, stream, toxicity, attributes }: Toxic): string {
  const values = Object.entries(attributes).map(([name, value]) => `${name}=${value}`)
  return [type, stream, ...values, ...(toxicity === 1 ? [] : [`toxicity=${toxicity}`])].join(' ')
}
