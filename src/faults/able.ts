/** What this machine can do at a place, and why not: told by `squall doctor`. Each place's folder has its own `able.ts`. */
export interface Able {
  what: string
  /** `missing`: no fault of this kind is possible; `limited`: works, with less. */
  state: 'ok' | 'limited' | 'missing'
  /** The fact, and what to do about it or instead. */
  says: string
}
