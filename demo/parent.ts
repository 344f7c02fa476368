/** Calls `then` once when the process that started us is gone: SIGKILL of a parent sends its children nothing. */
export function whenParentDies(then: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    then()
  }, 500)
  timer.unref()
}
