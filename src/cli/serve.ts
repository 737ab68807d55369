import { plainLine } from "../domain/text-forms/plain-text.ts"
import { exitNow, killAfter } from "../server/forced-exit.ts"
import { newLog } from "../server/log.ts"
import { type RunningServer, startServer } from "../server/start.ts"
import { configured } from "./configured.ts"
import { complain, print } from "./output.ts"

/** Above what a graceful stop needs; past it the process ends as it is, which a restart recovers from. */
const stopLimitMs = 9_000
const leftoverLimitMs = 500
const allRoles = ["api", "sql", "worker"]

/** Runs until SIGINT or SIGTERM. */
export async function serve(configPath: string | undefined, roles: string | undefined): Promise<0 | 1 | 2> {
  if (roles !== undefined && !isAllRoles(roles)) {
    complain("--roles other than api,sql,worker together are not available in this version.")
    return 2
  }
  const configuration = configured(configPath)
  if (configuration === undefined) return 2
  // Some files are the engine's to make, as the warehouse's are: nobody else reads them, whoever made the folder.
  process.umask(0o077)
  const stopped = stopSignal()
  const server = await startServer({ configuration, log: newLog({ level: "info" }) })
  print(`${readyLine(server)}\n`)
  const reason = await Promise.race([stopped, server.broken])
  const outcome = await stopWithin(server, stopLimitMs)
  if (reason === undefined) return outcome
  complain(`the warehouse engine has failed; start Millrace again, nothing is lost: ${plainLine(reason)}`)
  return 1
}

export function readyLine({ http, sql }: Pick<RunningServer, "http" | "sql">): string {
  return `millrace ready: http http://${place(http)} sql postgres://${place(sql)}`
}

function place({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`
}

function isAllRoles(roles: string): boolean {
  return roles.split(",").sort().join() === allRoles.join()
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        process.once(signal, () => exitNow(1))
        resolve()
      })
    }
  })
}

/**
 * Stops the server, and ends the process for sure: what takes longer than `limitMs` is given up, and so is a call of the
 * engine that cannot be stopped. A restart recovers from either.
 */
export async function stopWithin(server: Pick<RunningServer, "stop">, limitMs: number): Promise<0 | 1> {
  killAfter(limitMs + 2 * leftoverLimitMs)
  const late = Symbol("late")
  const limit = Promise.withResolvers<typeof late>()
  const timer = setTimeout(() => limit.resolve(late), limitMs)
  const outcome = await Promise.race([server.stop(), limit.promise])
  clearTimeout(timer)
  // What was given up, a source that never answers or a statement that cannot be stopped, would keep the process alive.
  setTimeout(() => exitNow(process.exitCode === 0 ? 0 : 1), leftoverLimitMs).unref()
  if (outcome !== late) return 0
  complain("something did not stop in time; the next start recovers it.")
  return exitNow(1)
}
