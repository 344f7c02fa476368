/** Everything that means *ask for rollback, then end* (`safety.md` rule 21), in one subscription. */
const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTSTP'] as const

export type StopReason = (typeof names)[number] | 'uncaughtException' | 'unhandledRejection'

/** `onStop` may be called several times; `error` comes with the last two reasons. Returns the way to unsubscribe. */
export function onStopRequest(onStop: (reason: StopReason, error?: unknown) => void): () => void {
  const bySignal = new Map(names.map((name) => [name, () => onStop(name)]))
  for (const [name, listener] of bySignal) process.on(name, listener)
  const thrown = (error: unknown): void => onStop('uncaughtException', error)
  const rejected = (error: unknown): void => onStop('unhandledRejection', error)
  process.on('uncaughtException', thrown)
  process.on('unhandledRejection', rejected)
  return () => {
    for (const [name, listener] of bySignal) process.off(name, listener)
    process.off('uncaughtException', thrown)
    process.off('unhandledRejection', rejected)
  }
}
