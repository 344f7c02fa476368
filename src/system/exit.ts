/** The one place that ends the process at once. Everything else sets `process.exitCode` and lets the loop drain. */
export function endProcess(code: number): never {
  process.exit(code)
}
