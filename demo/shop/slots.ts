/** A bounded pool: so many at a time, first come, first served. */
export interface Slots {
  /** Resolves with the function that gives the slot back, or with null when none became free in time. */
  take(): Promise<(() => void) | null>
}

export function createSlots(count: number, patience: number): Slots {
  const waiting: (() => void)[] = []
  let free = count

  const release = (): void => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }

  return {
    take: () =>
      new Promise((resolve) => {
        if (free > 0) {
          free--
          return resolve(release)
        }
        const granted = (): void => {
          clearTimeout(timer)
          resolve(release)
        }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(granted), 1)
          resolve(null)
        }, patience)
        waiting.push(granted)
      }),
  }
}
