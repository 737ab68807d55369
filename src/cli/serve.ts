import { plainLine } from "../domain/text-forms/plain-text.ts"
import { exitNow, killAfter } from "../server/forced-exit.ts"
import { newLog } from "../server/log.ts"
import { engines } from "../server/registries.ts"
import { allRoles, type Roles, rolesFrom, rolesMistake, rolesText } from "../server/roles.ts"
import { type RunningRoles, startRoles } from "../server/start.ts"
import { configured } from "./configured.ts"
import { complain, print } from "./output.ts"

/** Above what a graceful stop needs; past it the process ends as it is, which a restart recovers from. */
const stopLimitMs = 9_000
const leftoverLimitMs = 500

/** Runs until SIGINT or SIGTERM. `roleList`: as `--roles` gives it; all without. */
export async function serve(
  configPath: string | undefined,
  roleList: string | undefined,
): Promise<0 | 1 | 2> {
  const roles = roleList === undefined ? allRoles : rolesFrom(roleList)
  if (roles === undefined) {
    complain("--roles is a list of api, sql and worker, like --roles sql,worker.")
    return 2
  }
  const configuration = configured(configPath)
  if (configuration === undefined) return 2
  const mistake = rolesMistake(roles, configuration, { registry: engines.warehouses, hasParent: false })
  if (mistake !== undefined) {
    complain(mistake)
    return 2
  }
  // Some files are the engine's to make, as the warehouse's are: nobody else reads them, whoever made the folder.
  process.umask(0o077)
  const stopped = stopSignal()
  const server = await startRoles({ configuration, roles, log: newLog({ level: "info" }) })
  print(`${readyLine(server, roles)}\n`)
  const reason = await Promise.race([stopped, server.broken])
  const outcome = await stopWithin(server, stopLimitMs)
  if (reason === undefined) return outcome
  complain(`the warehouse engine has failed; start Millrace again, nothing is lost: ${plainLine(reason)}`)
  return 1
}

/** `millrace ready: http http://127.0.0.1:5440 sql postgres://127.0.0.1:5439`, with what of it this process has. */
export function readyLine(
  { http, sql }: Pick<RunningRoles, "http" | "sql">,
  roles: Roles = allRoles,
): string {
  const ports = [
    ...(http === undefined ? [] : [`http http://${place(http)}`]),
    ...(sql === undefined ? [] : [`sql postgres://${place(sql)}`]),
  ]
  return `millrace ready: ${ports.length === 0 ? rolesText(roles) : ports.join(" ")}`
}

function place({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`
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
export async function stopWithin(server: Pick<RunningRoles, "stop">, limitMs: number): Promise<0 | 1> {
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
