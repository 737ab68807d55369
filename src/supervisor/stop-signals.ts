/**
 * Calls `stop` at the first SIGINT or SIGTERM, and `exit` at the second of the same name. The listeners stay: while a signal has none,
 * as between two calls of `once`, it kills the process.
 */
export function atStopSignals(stop: () => void, exit: (status: 0 | 1) => never): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    let count = 0
    process.on(signal, () => {
      count += 1
      if (count === 1) stop()
      else exit(1)
    })
  }
}
